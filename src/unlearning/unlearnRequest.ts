/**
 * Which channels leave the edited layers:
 * - `contrast`: greatest fidelity for the forgotten class less that for the rest (ours beyond the paper);
 * - `fidelity`: greatest fidelity for the forgotten class (the paper's rule);
 * - `random`, `l1` (least L1 norm of the weights that read them): baselines.
 */
export const UNLEARN_SELECTIONS = ['contrast', 'fidelity', 'random', 'l1'] as const;
export type UnlearnSelection = (typeof UNLEARN_SELECTIONS)[number];

/**
 * What the weights that stay become:
 * - `none`: they stay as they are;
 * - `scale`: the paper's δ*, on retain pictures;
 * - `leastSquares`: refitted with a bias on retain pictures alone;
 * - `forgetAware`: refitted with a bias on retain pictures and against the forget pictures.
 */
export const UNLEARN_COMPENSATIONS = ['none', 'scale', 'leastSquares', 'forgetAware'] as const;
export type UnlearnCompensation = (typeof UNLEARN_COMPENSATIONS)[number];

/**
 * What `forgetAware` wants of a forget picture at an edited layer:
 * - `mean`: the layer's mean output over the retain pictures;
 * - `nearest`: its mean output over those retain pictures that the network puts in the class that comes
 *   second for the forget picture, so that no place is left where the class lies by itself;
 * - `mixed`: those means of all other classes, in the proportions in which the network, were the forgotten
 *   classes' scores not there, would believe in each: what is left of its opinion of the picture.
 */
export const FORGET_TARGETS = ['mean', 'nearest', 'mixed'] as const;
export type ForgetTarget = (typeof FORGET_TARGETS)[number];

export interface UnlearnRequest {
  /** Classes to forget: indices of the network's outputs. */
  readonly classes: readonly number[];
  /** How many of the last layers are edited, the head among them if `head`. */
  readonly layers: number;
  /** Whether the layer that gives the class scores is edited. */
  readonly head: boolean;
  /** Share of each edited layer's input channels that leaves; `auto`: the least of `SHARES` that reaches `GOAL`. */
  readonly share: number | 'auto';
  readonly select: UnlearnSelection;
  readonly compensate: UnlearnCompensation;
  readonly target: ForgetTarget;
  /** μ: what an error on forget pictures weighs beside one on retain pictures. */
  readonly mu: number;
  /**
   * ρ: what errors of pooled outputs weigh beside those at single positions, in the layer that makes the
   * features that the head reads, if it is edited (`forgetAware` alone; see `pooledTerms`). 0: not at all.
   * The greater, the less a probe on the features regains.
   */
  readonly erase: number;
  readonly seed: number;
}

export const DEFAULT_UNLEARN: Omit<UnlearnRequest, 'classes'> = {
  layers: 2,
  head: true,
  share: 'auto',
  select: 'contrast',
  compensate: 'forgetAware',
  target: 'mixed',
  mu: 0.3,
  erase: 10,
  seed: 1,
};

/** Shares that `auto` tries, in this order. */
export const SHARES = [0.05, 0.1, 0.2, 0.3, 0.4, 0.5] as const;

/** Forget accuracy that `auto` looks for. */
export const GOAL = 0.005;
