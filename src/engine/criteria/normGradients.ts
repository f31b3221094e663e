import * as tf from '@tensorflow/tfjs-core';
import type { NodeOf, Weight } from '../../network/network.ts';

/*
 * Gradients of the norms that take their statistics from the sample. For `x̂ = (x − mean) / σ` and `y = γ x̂ + β`:
 * `(g − mean(g) − x̂ mean(g x̂)) / σ` with `g = γ dy`; an RMS norm has neither of the means of x and of g.
 * Call them inside `tf.tidy`.
 */

/** Over the last axis. Channels that are not there (`over`) are zeros, whose gradient counts in no mean. */
export function layerNormGradient({ attributes: { epsilon, over }, weights: { gamma } }: NodeOf<'layerNorm'>, x: tf.Tensor, gradient: tf.Tensor): tf.Tensor {
  const channels = x.shape[x.rank - 1];
  const present = channels / (over ?? channels);
  const mean = (values: tf.Tensor): tf.Tensor => tf.mul(tf.mean(values, -1, true), present);
  const own = scaled(gradient, gamma);
  const centre = mean(x);
  const centred = tf.sub(x, centre);
  const absent = tf.mul(tf.square(centre), 1 - present);
  const size = tf.rsqrt(tf.add(tf.add(mean(tf.square(centred)), absent), epsilon));
  const normal = tf.mul(centred, size);
  const shared = tf.add(mean(own), tf.mul(normal, mean(tf.mul(own, normal))));
  return tf.mul(size, tf.sub(own, shared));
}

/** Over the last axis; `over` as in a layer norm. */
export function rmsNormGradient({ attributes: { epsilon, over }, weights: { gamma } }: NodeOf<'rmsNorm'>, x: tf.Tensor, gradient: tf.Tensor): tf.Tensor {
  const channels = x.shape[x.rank - 1];
  const present = channels / (over ?? channels);
  const mean = (values: tf.Tensor): tf.Tensor => tf.mul(tf.mean(values, -1, true), present);
  const own = scaled(gradient, gamma);
  const size = tf.rsqrt(tf.add(mean(tf.square(x)), epsilon));
  const normal = tf.mul(x, size);
  return tf.mul(size, tf.sub(own, tf.mul(normal, mean(tf.mul(own, normal)))));
}

/** Over all pixels of each run of channels. */
export function groupNormGradient({ attributes: { groups, epsilon }, weights: { gamma } }: NodeOf<'groupNorm'>, x: tf.Tensor, gradient: tf.Tensor): tf.Tensor {
  const [images, channels] = [x.shape[0], x.shape[x.rank - 1]];
  const apart = [images, x.size / (images * channels), groups, channels / groups];
  const own = tf.reshape(scaled(gradient, gamma), apart);
  const values = tf.reshape(x, apart);
  const centred = tf.sub(values, runMean(values));
  const deviation = tf.sqrt(tf.add(runMean(tf.square(centred)), epsilon));
  const normal = tf.div(centred, deviation);
  const shared = tf.add(runMean(own), tf.mul(normal, runMean(tf.mul(own, normal))));
  return tf.reshape(tf.div(tf.sub(own, shared), deviation), x.shape);
}

/** Over the pixels and channels of a run, of `[images, pixels, groups, channels of a group]`. */
function runMean(values: tf.Tensor): tf.Tensor {
  return tf.mean(values, [1, 3], true);
}

function scaled(gradient: tf.Tensor, gamma: Weight | undefined): tf.Tensor {
  return gamma ? tf.mul(gradient, tf.tensor1d(gamma.values)) : gradient;
}
