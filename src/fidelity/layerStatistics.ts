import { checkInteger, checkLength, checkPositive } from './argumentErrors.ts';
import { dot, multiplyTransposed } from './denseProduct.ts';

/**
 * Everything that fidelity, selection and compensation need to know of one consumer layer.
 *
 * The layer has `n` input components of `p` weights per output (conv `kh · kw`; dense 1, or the
 * flattened positions of a channel) and `m` outputs. Patches are component-major: element
 * `i · p + q` is offset `q` of component `i`. E is over samples, sums run over positions.
 */
export interface LayerStatistics {
  readonly n: number;
  readonly p: number;
  readonly m: number;
  /** `G = E[Σ x xᵀ]` of the present input patches x; row-major `np × np`, symmetric. */
  readonly gram: Float64Array;
  /** `E[Σ Y xᵀ]` of the target outputs Y (without bias); row-major `m × np`. `W G` when the layer's inputs are intact. */
  readonly cross: Float64Array;
  /** `e_c = E‖Y_c‖²` of the target outputs; length m. */
  readonly energy: Float64Array;
  /** The layer's weights, row-major `m × np`. */
  readonly weights: Float64Array;
  /** First moments, for a fit with a bias. Absent: the bias cannot be fitted. */
  readonly means?: LayerMeans;
}

/** Sums over positions, mean over samples. */
export interface LayerMeans {
  /** `E[Σ x]` of the present input patches; length np. */
  readonly input: Float64Array;
  /** `E[Σ Y]` of the target outputs (without bias); length m. */
  readonly output: Float64Array;
  /** Positions of one sample; the sum of their weights where they count differently. */
  readonly positions: number;
}

/** What is left to know of a layer whose inputs are intact: the rest follows from G and W. */
export type IntactLayer = Pick<LayerStatistics, 'n' | 'p' | 'm' | 'gram' | 'weights'>;

/**
 * The statistics of a layer whose present inputs are those of the intact network, so that the
 * target is what the layer itself computes: `cross = W G`, `energy = diag(W G Wᵀ)`.
 *
 * `gram` and `weights` are shared with the result, not copied.
 *
 * @param layer sizes, Gram (row-major `np × np`) and weights (row-major `m × np`)
 * @returns O(m (np)²)
 * @throws ShapeMismatchError, ArgumentRangeError when sizes and lengths disagree
 */
export function intactStatistics(layer: IntactLayer): LayerStatistics {
  const { n, p, m, gram, weights } = layer;
  checkIntactLayer('intactStatistics', layer);
  const size = n * p;
  const cross = multiplyTransposed(weights, m, gram, size, size);
  const energy = new Float64Array(m);
  // G is positive semidefinite; a negative here is rounding.
  for (let c = 0; c < m; c++) energy[c] = Math.max(0, dot(weights, c * size, cross, c * size, size));
  return { n, p, m, gram, cross, energy, weights };
}

/**
 * Throws unless the arrays have the lengths that n, p and m ask for, and there is a position to be the mean of. Values are not looked at:
 * NaN in the statistics comes out as NaN in the results.
 *
 * @param caller the public function's name, for the message
 * @throws ShapeMismatchError, ArgumentRangeError
 */
export function checkStatistics(caller: string, statistics: LayerStatistics): void {
  const { n, p, m, cross, energy, means } = statistics;
  checkIntactLayer(caller, statistics);
  checkLength(`${caller}: cross`, cross.length, m * n * p);
  checkLength(`${caller}: energy`, energy.length, m);
  if (!means) return;
  checkLength(`${caller}: means.input`, means.input.length, n * p);
  checkLength(`${caller}: means.output`, means.output.length, m);
  checkPositive(`${caller}: means.positions`, means.positions);
}

function checkIntactLayer(caller: string, { n, p, m, gram, weights }: IntactLayer): void {
  checkInteger(`${caller}: n`, n, 1, 0x7fffffff);
  checkInteger(`${caller}: p`, p, 1, 0x7fffffff);
  checkInteger(`${caller}: m`, m, 1, 0x7fffffff);
  checkLength(`${caller}: gram`, gram.length, (n * p) ** 2);
  checkLength(`${caller}: weights`, weights.length, m * n * p);
}
