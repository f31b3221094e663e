import * as tf from '@tensorflow/tfjs-core';
import type { NodeOf, Weight } from '../../network/network.ts';
import type { FusedActivation, Operator, Upload } from './operator.ts';

/** A norm as `scale · x + shift` per channel, float64: `scale = γ / √(σ² + ε)`, `shift = β − μ · scale`. */
export function normAffine({ weights, attributes }: NodeOf<'batchNorm'>): { scale: Float64Array; shift: Float64Array } {
  const { gamma, beta, mean, variance } = weights;
  const scale = Float64Array.from(
    variance.values,
    (v, c) => (gamma?.values[c] ?? 1) / Math.sqrt(v + attributes.epsilon),
  );
  const shift = scale.map((s, c) => (beta?.values[c] ?? 0) - mean.values[c] * s);
  return { scale, shift };
}

/** By stored statistics; on pictures one pass does product, sum and activation. */
export function batchNormOperator(node: NodeOf<'batchNorm'>, upload: Upload, activation: FusedActivation): Operator {
  const { scale, shift } = normAffine(node);
  const filter = upload({ shape: [1, 1, scale.length, 1], values: Float32Array.from(scale) }) as tf.Tensor4D;
  const bias = upload({ shape: [shift.length], values: Float32Array.from(shift) });
  return ([x]) => {
    // a depthwise convolution of one pixel: on wasm 0.3 ms where product, sum and relu take 0.9
    if (x.rank === 4) return tf.fused.depthwiseConv2d({ x: x as tf.Tensor4D, filter, bias, strides: 1, pad: 'valid', activation });
    const y = tf.add(tf.mul(x, tf.reshape(filter, [scale.length])), bias);
    if (activation === 'linear') return y;
    return activation === 'relu' ? tf.relu(y) : tf.relu6(y);
  };
}

/** Each vector along the last axis by its own mean and variance. */
export function layerNormOperator({ attributes, weights }: NodeOf<'layerNorm'>, upload: Upload): Operator {
  const affine = affineOf(weights, upload);
  const { epsilon, over } = attributes;
  return ([x]) => affine(over === undefined || over === x.shape[x.rank - 1] ? standardised(x, [x.rank - 1], epsilon) : standardisedOver(x, over, epsilon));
}

/** Each vector along the last axis by its own root mean square. */
export function rmsNormOperator({ attributes, weights }: NodeOf<'rmsNorm'>, upload: Upload): Operator {
  const affine = affineOf(weights, upload);
  return ([x]) => {
    const present = x.shape[x.rank - 1] / (attributes.over ?? x.shape[x.rank - 1]);
    const square = tf.mean(tf.square(x), -1, true);
    return affine(tf.mul(x, tf.rsqrt(tf.add(present === 1 ? square : tf.mul(square, present), attributes.epsilon))));
  };
}

/** Each run of channels, over all pixels, by its own mean and variance. */
export function groupNormOperator({ attributes, weights }: NodeOf<'groupNorm'>, upload: Upload): Operator {
  const { groups, epsilon } = attributes;
  const affine = affineOf(weights, upload);
  return ([x]) => {
    const [images, channels] = [x.shape[0], x.shape[x.rank - 1]];
    const apart = tf.reshape(x, [images, x.size / (images * channels), groups, channels / groups]);
    return affine(tf.reshape(standardised(apart, [1, 3], epsilon), x.shape));
  };
}

/** `(x − mean) / √(variance + ε)` over `axes`; centred first, for `E[x²] − E[x]²` loses digits in float32. */
function standardised(x: tf.Tensor, axes: number[], epsilon: number): tf.Tensor {
  const centred = tf.sub(x, tf.mean(x, axes, true));
  const variance = tf.mean(tf.square(centred), axes, true);
  return tf.mul(centred, tf.rsqrt(tf.add(variance, epsilon)));
}

/** As `standardised` along the last axis, where `over − channels` more channels are zero. */
function standardisedOver(x: tf.Tensor, over: number, epsilon: number): tf.Tensor {
  const channels = x.shape[x.rank - 1];
  const mean = tf.mul(tf.mean(x, -1, true), channels / over);
  const centred = tf.sub(x, mean);
  const present = tf.mul(tf.mean(tf.square(centred), -1, true), channels / over);
  const variance = tf.add(present, tf.mul(tf.square(mean), (over - channels) / over));
  return tf.mul(centred, tf.rsqrt(tf.add(variance, epsilon)));
}

function affineOf(
  { gamma, beta }: { readonly gamma?: Weight; readonly beta?: Weight },
  upload: Upload,
): (x: tf.Tensor) => tf.Tensor {
  const scale = gamma && upload(gamma);
  const shift = beta && upload(beta);
  return (x) => {
    const scaled = scale ? tf.mul(x, scale) : x;
    return shift ? tf.add(scaled, shift) : scaled;
  };
}
