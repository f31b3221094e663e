import * as tf from '@tensorflow/tfjs-core';
import type { NodeOf, Pair, Weight } from '../../network/network.ts';
import type { Upload } from './operator.ts';

/** How a picture falls into windows and comes together again. */
export interface AttentionWindows {
  /** `[images, height, width, c]` → `[images · windows, pixels of a window, c]`. */
  apart(x: tf.Tensor): tf.Tensor;
  /** The inverse, to `shape`. */
  together(windows: tf.Tensor, shape: readonly number[]): tf.Tensor;
  /** What is added to the scores of every window and head: `[windows · heads, pixels, pixels]`. */
  added(height: number, width: number, heads: number): tf.Tensor;
}

/**
 * Shifted windows (Liu et al. 2021, arXiv 2103.14030): rows and columns move from the top and left to the end, and
 * pixels that come to lie in one window without having been neighbours do not see each other.
 */
export function attentionWindows(
  { size, shift }: NonNullable<NodeOf<'attention'>['attributes']['window']>,
  bias: Weight | undefined,
  upload: Upload,
  unseen: number,
): AttentionWindows {
  const [rows, columns] = size;
  const pixels = rows * columns;
  const spread = bias && upload(pairBias(bias, size));
  const shifted = shift.some((by) => by > 0);
  return {
    apart(x) {
      const [images, height, width, channels] = x.shape;
      const moved = rolled(x, shift);
      const strips = tf.reshape(moved, [(images * height) / rows, rows, width / columns, columns * channels]);
      return tf.reshape(tf.transpose(strips, [0, 2, 1, 3]), [(images * height * width) / pixels, pixels, channels]);
    },
    together(windows, shape) {
      const [images, height, width, channels] = shape;
      const strips = tf.reshape(windows, [(images * height) / rows, width / columns, rows, columns * channels]);
      const moved = tf.reshape(tf.transpose(strips, [0, 2, 1, 3]), [images, height, width, channels]);
      return rolled(moved, [(height - shift[0]) % height, (width - shift[1]) % width]);
    },
    added(height, width, heads) {
      const windows = (height * width) / pixels;
      const mask = shifted ? tf.tensor(regionMask([height, width], size, shift, unseen), [windows, 1, pixels, pixels]) : tf.zeros([windows, 1, pixels, pixels]);
      const own = spread ? tf.reshape(spread, [1, heads, pixels, pixels]) : tf.zeros([1, heads, pixels, pixels]);
      return tf.reshape(tf.add(mask, own), [windows * heads, pixels, pixels]);
    },
  };
}

/** Index `by` of both axes comes first, and what stood before it last. */
function rolled(x: tf.Tensor, shift: Pair): tf.Tensor {
  return shift.reduce((value, by, k) => {
    if (by === 0) return value;
    const axis = k + 1;
    const part = (start: number, size: number) =>
      tf.slice(value, value.shape.map((_, other) => (other === axis ? start : 0)), value.shape.with(axis, size));
    return tf.concat([part(by, value.shape[axis] - by), part(0, by)], axis);
  }, x);
}

/** `[offsets, heads]` → `[heads, pixels, pixels]`: the bias of the offset from the key's pixel to the query's. */
function pairBias({ shape: [, heads], values }: Weight, [rows, columns]: Pair): Weight {
  const pixels = rows * columns;
  const spread = new Float32Array(heads * pixels * pixels);
  for (let query = 0; query < pixels; query++) for (let key = 0; key < pixels; key++) {
    const down = Math.floor(query / columns) - Math.floor(key / columns) + rows - 1;
    const right = (query % columns) - (key % columns) + columns - 1;
    for (let h = 0; h < heads; h++) spread[(h * pixels + query) * pixels + key] = values[(down * (2 * columns - 1) + right) * heads + h];
  }
  return { shape: [heads, pixels, pixels], values: spread };
}

/** `[windows, pixels, pixels]`: `unseen` between pixels of different regions, else 0. */
function regionMask(picture: Pair, [rows, columns]: Pair, shift: Pair, unseen: number): Float32Array {
  const pixels = rows * columns;
  const [down, across] = [picture[0] / rows, picture[1] / columns];
  // within a window, what came from the other end and what did not
  const region = (axis: 0 | 1, at: number): number => (shift[axis] > 0 && at >= picture[axis] - shift[axis] ? 1 : 0);
  const mask = new Float32Array(down * across * pixels * pixels);
  for (let window = 0; window < down * across; window++) {
    const regions = Array.from({ length: pixels }, (_, pixel) => {
      const y = Math.floor(window / across) * rows + Math.floor(pixel / columns);
      const x = (window % across) * columns + (pixel % columns);
      return 2 * region(0, y) + region(1, x);
    });
    regions.forEach((one, query) => regions.forEach((other, key) => {
      if (one !== other) mask[(window * pixels + query) * pixels + key] = unseen;
    }));
  }
  return mask;
}
