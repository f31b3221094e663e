import * as tf from '@tensorflow/tfjs-core';
import type { NodeOf } from '../../network/network.ts';
import type { Operator } from './operator.ts';

/**
 * Pair (a, b) of token t becomes `(a cos θ − b sin θ, b cos θ + a sin θ)`, θ = t · frequency; angles in float64.
 *
 * @param first what t counts from: the tokens that are read already, where a text is read bit by bit
 */
export function rotaryOperator({ attributes }: NodeOf<'rotary'>, first = 0): Operator {
  const { headDim, frequencies, pairing } = attributes;
  const pairs = frequencies.length;
  const neighbours = pairing === 'neighbours';
  let known: Angles = { tokens: -1, cos: new Float32Array(), sin: new Float32Array() };
  return ([x]) => {
    const [samples, tokens, features] = x.shape;
    if (known.tokens !== tokens) known = anglesOf(first, tokens, frequencies);
    const shape = neighbours ? [1, tokens, 1, pairs, 1] : [1, tokens, 1, pairs];
    const [cos, sin] = [tf.tensor(known.cos, shape), tf.tensor(known.sin, shape)];
    const heads = tf.reshape(x, [samples, tokens, features / headDim, headDim]);
    const turning = along(heads, 0, 2 * pairs);
    const whole = neighbours ? tf.reshape(turning, [...heads.shape.slice(0, 3), pairs, 2]) : turning;
    const half = neighbours ? 1 : pairs;
    const [a, b] = [along(whole, 0, half), along(whole, half, half)];
    const turned = tf.concat([tf.sub(tf.mul(a, cos), tf.mul(b, sin)), tf.add(tf.mul(b, cos), tf.mul(a, sin))], whole.rank - 1);
    const beyond = headDim - 2 * pairs;
    const merged = tf.reshape(turned, turning.shape);
    return tf.reshape(beyond > 0 ? tf.concat([merged, along(heads, 2 * pairs, beyond)], 3) : merged, x.shape);
  };
}

/** `[tokens, pairs]`, row-major. */
interface Angles {
  readonly tokens: number;
  readonly cos: Float32Array;
  readonly sin: Float32Array;
}

function anglesOf(first: number, tokens: number, frequencies: readonly number[]): Angles {
  const angles = Array.from({ length: tokens }, (_, t) => frequencies.map((frequency) => (first + t) * frequency)).flat();
  return { tokens, cos: Float32Array.from(angles, Math.cos), sin: Float32Array.from(angles, Math.sin) };
}

/** `size` indices of the last axis from `start` on. */
function along(x: tf.Tensor, start: number, size: number): tf.Tensor {
  if (start === 0 && size === x.shape[x.rank - 1]) return x;
  return tf.slice(x, x.shape.map((_, axis) => (axis === x.rank - 1 ? start : 0)), x.shape.with(x.rank - 1, size));
}
