import type { ImageSource } from '../engine/imageSource.ts';
import type { Correlator } from '../engine/kernels/correlator.ts';
import type { Network } from '../network/network.ts';

/**
 * Ways to make a network forget classes, compared side by side:
 * - `ours`: ModHiFi-U with contrast and forget-aware least squares, no gradient step;
 * - `paper`: the paper's plain rule (greatest fidelity leaves, δ* on the rest), no gradient step;
 * - `random`, `l1`: removal by those rules in the same layers, weights as they are;
 * - `gradientAscent`: steps up the loss on the forget pictures;
 * - `jia`: prune by magnitude, then fine-tune on retain pictures with an L1 penalty (Jia et al., NeurIPS 2023);
 * - `fineTune`: fine-tuning on retain pictures alone.
 */
export const FORGET_METHODS = ['ours', 'paper', 'random', 'l1', 'gradientAscent', 'jia', 'fineTune'] as const;
export type ForgetMethod = (typeof FORGET_METHODS)[number];

/** Pictures with the class of each. */
export interface LabelledPictures {
  readonly images: ImageSource;
  readonly labels: ArrayLike<number>;
}

/** What every method is given. Only methods with gradient steps read labels. */
export interface ForgetInput {
  readonly network: Network;
  readonly classes: readonly number[];
  readonly forget: LabelledPictures;
  readonly retain: LabelledPictures;
  readonly correlator: Correlator | undefined;
  readonly seed: number;
}

/** What every method gives. */
export interface Forgotten {
  readonly network: Network;
  /** Optimiser steps taken; 0 for the closed forms. */
  readonly gradientSteps: number;
  readonly milliseconds: number;
}
