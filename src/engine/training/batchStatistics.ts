import * as tf from '@tensorflow/tfjs-core';
import type { NodeOf } from '../../network/network.ts';
import { columnSums, type NodeGradients } from './weightGradients.ts';

/** How far the stored statistics go towards a batch's at each step, as in PyTorch. */
export const STATISTICS_MOMENTUM = 0.1;

/** What a norm keeps of a batch for the way back. */
export interface NormalisedBatch {
  readonly value: tf.Tensor;
  /** x̂, of x's shape. */
  readonly normal: tf.Tensor;
  readonly mean: tf.Tensor;
  /** Biased. */
  readonly variance: tf.Tensor;
}

/** `γ x̂ + β` by the batch's own mean and variance over all axes but the last. The caller disposes all four. */
export function normaliseBatch({ weights: { gamma, beta }, attributes: { epsilon } }: NodeOf<'batchNorm'>, x: tf.Tensor): NormalisedBatch {
  return tf.tidy(() => {
    const share = x.shape[x.rank - 1] / x.size;
    const mean = tf.mul(columnSums(x), share);
    const centred = tf.sub(x, mean);
    const variance = tf.mul(columnSums(tf.square(centred)), share);
    const normal = tf.mul(centred, tf.rsqrt(tf.add(variance, epsilon)));
    const scaled = gamma ? tf.mul(normal, tf.tensor1d(gamma.values)) : tf.clone(normal);
    return { value: beta ? tf.add(scaled, tf.tensor1d(beta.values)) : scaled, normal, mean, variance };
  }) as unknown as NormalisedBatch;
}

/** The gradient of x: `(g − mean(g) − x̂ mean(g x̂)) / σ` with `g = γ dy`. Call it inside `tf.tidy`. */
export function normalisedGradient({ weights: { gamma }, attributes: { epsilon } }: NodeOf<'batchNorm'>, { normal, variance }: NormalisedBatch, gradient: tf.Tensor): tf.Tensor {
  const share = gradient.shape[gradient.rank - 1] / gradient.size;
  const shared = tf.add(tf.mul(columnSums(gradient), share), tf.mul(normal, tf.mul(columnSums(tf.mul(gradient, normal)), share)));
  const factor = tf.rsqrt(tf.add(variance, epsilon));
  return tf.mul(tf.sub(gradient, shared), gamma ? tf.mul(factor, tf.tensor1d(gamma.values)) : factor);
}

/** The gradients of γ and β. The tensors stay the caller's, as in `weightGradients`. */
export async function batchNormGradients({ weights }: NodeOf<'batchNorm'>, { normal }: NormalisedBatch, gradient: tf.Tensor): Promise<NodeGradients> {
  const [gamma, beta] = tf.tidy(() => [columnSums(tf.mul(gradient, normal)), columnSums(gradient)]);
  const [byScale, byShift] = await Promise.all([gamma.data(), beta.data()]);
  tf.dispose([gamma, beta]);
  return { ...(weights.gamma && { gamma: byScale as Float32Array }), ...(weights.beta && { beta: byShift as Float32Array }) };
}

/** Moves stored statistics towards a batch's in place; the variance without its bias. */
export function followStatistics(
  { weights: { mean, variance } }: NodeOf<'batchNorm'>,
  batch: { readonly mean: ArrayLike<number>; readonly variance: ArrayLike<number>; readonly samples: number },
): void {
  const unbiased = batch.samples / Math.max(1, batch.samples - 1);
  for (let c = 0; c < mean.values.length; c++) {
    mean.values[c] += STATISTICS_MOMENTUM * (batch.mean[c] - mean.values[c]);
    variance.values[c] += STATISTICS_MOMENTUM * (unbiased * batch.variance[c] - variance.values[c]);
  }
}
