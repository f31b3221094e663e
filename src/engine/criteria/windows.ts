import * as tf from '@tensorflow/tfjs-core';
import type { NodeOf, Padding, Pair, Shape } from '../../network/network.ts';
import { layerGeometry, type PatchGeometry } from '../geometry.ts';

/** How a convolution's or a pool's window moves. */
export type Window = Readonly<{ strides: Pair; padding: Padding; dilations: Pair }>;

/** Where windows of this size lie on a picture of this shape. */
export function windowGeometry([kh, kw]: readonly number[], { strides, padding, dilations }: Window, shape: Shape): PatchGeometry {
  const kernel = { shape: [kh, kw, 1, 1], values: new Float32Array(0) };
  const node: NodeOf<'conv2d'> = { id: 'window', op: 'conv2d', inputs: [], attributes: { strides, padding, dilations, groups: 1 }, weights: { kernel } };
  return layerGeometry({ node, parts: 1 }, shape);
}

/** `stride − 1` zeros between neighbours along both axes. */
export function spreadPixels(x: tf.Tensor4D, [down, right]: Pair): tf.Tensor4D {
  if (down === 1 && right === 1) return x;
  const [images, height, width, channels] = x.shape;
  const apart = tf.pad(
    tf.reshape(x, [images, height, 1, width, 1, channels]),
    [[0, 0], [0, 0], [0, down - 1], [0, 0], [0, right - 1], [0, 0]],
  );
  const whole = tf.reshape(apart, [images, height * down, width * right, channels]) as tf.Tensor4D;
  return tf.slice(whole, [0, 0, 0, 0], [images, (height - 1) * down + 1, (width - 1) * right + 1, channels]);
}

function cut(width: number): number {
  return Math.max(0, -width);
}

function pad(width: number): number {
  return Math.max(0, width);
}

/** Zeros, or another value, around the pixels; a negative width takes pixels away. */
export function withBorder(x: tf.Tensor4D, border: readonly (readonly [number, number])[], value = 0): tf.Tensor4D {
  const [images, height, width, channels] = x.shape;
  const [[top, bottom], [left, right]] = border;
  const inner = tf.slice(
    x, [0, cut(top), cut(left), 0],
    [images, height - cut(top) - cut(bottom), width - cut(left) - cut(right), channels],
  );
  return tf.pad(inner, [[0, 0], [pad(top), pad(bottom)], [pad(left), pad(right)], [0, 0]], value);
}
