import * as tf from '@tensorflow/tfjs-core';
import type { ActivationName, NodeOf } from '../../network/network.ts';
import type { Operator, Upload } from './operator.ts';

/** The function of `ActivationName`'s docstring, elementwise (softmax: along the last axis). */
export function activationOperator({ attributes }: NodeOf<'activation'>): Operator {
  const apply = FUNCTIONS[attributes.function];
  return ([x]) => apply(x, attributes);
}

interface Parameters {
  readonly alpha?: number;
  readonly beta?: number;
}

const FUNCTIONS: Readonly<Record<ActivationName, (x: tf.Tensor, parameters: Parameters) => tf.Tensor>> = {
  linear: (x) => tf.clone(x),
  relu: (x) => tf.relu(x),
  relu6: (x) => tf.relu6(x),
  // as a prelu of one slope a channel: on wasm 0.3 ms where leakyRelu's scalar loop takes 6
  leakyRelu: (x, { alpha = 0.01 }) => tf.prelu(x, tf.mul(tf.ones([x.shape[x.rank - 1]]), alpha)),
  elu: (x, { alpha = 1 }) => (alpha === 1 ? tf.elu(x) : tf.add(tf.relu(x), tf.mul(tf.elu(negativePart(x)), alpha))),
  selu: (x) => tf.selu(x),
  gelu: (x) => tf.mul(tf.mul(x, 0.5), tf.add(tf.erf(tf.mul(x, Math.SQRT1_2)), 1)),
  // (1 + tanh z) / 2 = sigmoid(2 z); tanh is a slow scalar loop on wasm
  geluTanh: (x) => {
    const z = tf.mul(x, tf.add(tf.mul(tf.square(x), 0.044715), 1));
    return tf.mul(x, tf.sigmoid(tf.mul(z, Math.sqrt(8 / Math.PI))));
  },
  silu: (x) => tf.mul(x, tf.sigmoid(x)),
  hardSwish: (x) => tf.mul(x, tf.mul(tf.relu6(tf.add(x, 3)), 1 / 6)),
  hardSigmoid: (x, { alpha = 1 / 6, beta = 1 / 2 }) => tf.clipByValue(tf.add(tf.mul(x, alpha), beta), 0, 1),
  sigmoid: (x) => tf.sigmoid(x),
  tanh: (x) => tf.tanh(x),
  softplus: (x) => tf.softplus(x),
  softmax: (x) => tf.softmax(x),
};

/** `min(x, 0)`; on wasm a minimum with a scalar is a slow loop. */
function negativePart(x: tf.Tensor): tf.Tensor {
  return tf.neg(tf.relu(tf.neg(x)));
}

/** `x` above zero, `alpha · x` below. */
export function preluOperator({ weights }: NodeOf<'prelu'>, upload: Upload): Operator {
  const alpha = upload(weights.alpha);
  const used = alpha.shape.findIndex((size) => size > 1);
  const slopes = used < 0 ? [1] : alpha.shape.slice(used);
  return ([x]) => {
    // wasm's prelu takes slopes for whole axes up to the last alone, and does not say so
    const whole = slopes.every((size, k) => size === x.shape[x.rank - slopes.length + k]);
    if (whole) return tf.prelu(x, tf.reshape(alpha, slopes));
    return tf.add(tf.relu(x), tf.mul(negativePart(x), alpha));
  };
}
