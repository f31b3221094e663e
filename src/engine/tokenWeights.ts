import * as tf from '@tensorflow/tfjs-core';
import type { ConsumerLayer } from '../pruning/consumerLayers.ts';
import type { PatchGeometry } from './geometry.ts';

/** How much each token counts in the statistics of a layer that only some of them matter to. */
export interface TokenWeights {
  /** Their sum: the positions of one image. */
  readonly total: number;
  /** `√w · value` for a value of `images × tokens × …`, so that sums of products are weighted; the caller disposes it. */
  readonly scaled: (value: tf.Tensor) => tf.Tensor;
}

/**
 * 1 for the tokens that any output depends on (`relevantPositions`). The others, whose errors nobody sees, only hold
 * a fit together where those are few: all of them together weigh as much as one token for each feature that is
 * fitted, however many images there are.
 *
 * @param images in the whole calibration
 * @returns undefined where all tokens count alike
 */
export function tokenWeights({ positions }: Pick<ConsumerLayer, 'positions'>, { input: [tokens, , features] }: PatchGeometry, images: number): TokenWeights | undefined {
  if (!positions) return undefined;
  const others = tokens - positions.length;
  const weight = Math.min(1, features / (images * others));
  const roots = new Float32Array(tokens).fill(Math.sqrt(weight));
  for (const position of positions) roots[position] = 1;
  return {
    total: positions.length + weight * others,
    scaled: (value) => tf.tidy(() => tf.mul(value, tf.tensor(roots, [1, tokens, ...value.shape.slice(2).map(() => 1)]))),
  };
}

/** The values as they count; each is the caller's, and what it was made of is disposed. */
export function weighted(weights: TokenWeights | undefined, ...values: readonly tf.Tensor[]): readonly tf.Tensor[] {
  if (!weights) return values;
  const own = values.map((value) => weights.scaled(value));
  tf.dispose([...values]);
  return own;
}
