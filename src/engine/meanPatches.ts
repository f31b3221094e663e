import * as tf from '@tensorflow/tfjs-core';
import type { PatchGeometry } from './geometry.ts';

/**
 * Each image's patch averaged over all output positions: what a layer's mean output depends on, for
 * `mean_t(W x_t) = W mean_t(x_t)`.
 *
 * @param x `images × height × width × n` as `layerInput` gives it; stays the caller's
 * @returns `images × np`, component-major; the caller's
 */
export function meanPatches({ input, output, kernel, strides, dilations, before }: PatchGeometry, x: tf.Tensor): tf.Tensor2D {
  const n = input[2];
  const images = x.shape[0];
  return tf.tidy(() => {
    const after = ([0, 1] as const).map((axis) =>
      Math.max(0, (output[axis] - 1) * strides[axis] + (kernel[axis] - 1) * dilations[axis] + 1 - before[axis] - input[axis]));
    const around: [number, number][] = [[0, 0], [Math.max(0, before[0]), after[0]], [Math.max(0, before[1]), after[1]], [0, 0]];
    const padded = tf.pad(tf.reshape(x, [images, ...input]), around);
    const offsets: tf.Tensor[] = [];
    for (let a = 0; a < kernel[0]; a++) {
      for (let b = 0; b < kernel[1]; b++) {
        const from = [a * dilations[0] + Math.max(0, -before[0]), b * dilations[1] + Math.max(0, -before[1])];
        const end = [0, 1].map((axis) => from[axis] + (output[axis] - 1) * strides[axis] + 1);
        offsets.push(tf.mean(tf.stridedSlice(padded, [0, from[0], from[1], 0], [images, end[0], end[1], n], [1, strides[0], strides[1], 1]), [1, 2]));
      }
    }
    return tf.reshape(tf.stack(offsets, 2), [images, -1]) as tf.Tensor2D;
  });
}
