import * as tf from '@tensorflow/tfjs-core';
import type { NodeOf, Pair, ResizeCoordinates } from '../../network/network.ts';
import type { Operator } from './operator.ts';

/**
 * Another size, by the coordinates of `ResizeCoordinates`.
 *
 * Bilinear interpolation is continuous in the coordinate, so that the backends' float32 coordinates
 * do no harm. Nearest is not: `floor(o · s)` in float32 falls a pixel short where the quotient is
 * whole but its float is below. So the backend's kernel is used only where every coordinate is far
 * from a whole number, else the pixels are gathered by exact indices.
 */
export function resizeOperator({ attributes }: NodeOf<'resize2d'>): Operator {
  const { interpolation, coordinates } = attributes;
  const [height, width]: Pair = attributes.size;
  if (interpolation === 'bilinear') {
    return ([x]) =>
      tf.image.resizeBilinear(
        x as tf.Tensor4D, [height, width], coordinates === 'alignCorners', coordinates === 'halfPixel',
      );
  }
  return ([x]) => {
    const picture = x as tf.Tensor4D;
    const rows = nearestAlong(picture.shape[1], height, coordinates);
    const columns = nearestAlong(picture.shape[2], width, coordinates);
    if (rows.safe && columns.safe) return tf.image.resizeNearestNeighbor(picture, [height, width], false, true);
    return gathered(gathered(picture, rows, 1), columns, 2);
  };
}

interface NearestAxis {
  /** Input pixel of each output pixel. */
  readonly indices: number[];
  /** Whether the half-pixel kernel finds the same pixels, also when its arithmetic is a little off. */
  readonly safe: boolean;
}

/** In pixels; float32 coordinates are off by less on pictures of up to 30,000 pixels a side. */
const MARGIN = 0.01;

function nearestAlong(input: number, output: number, coordinates: ResizeCoordinates): NearestAxis {
  const indices = Array.from({ length: output }, (_, o) => nearestPixel(o, input, output, coordinates));
  const safe = indices.every((index, o) => {
    const place = ((2 * o + 1) * input) / (2 * output) - index;
    return place > MARGIN && place < 1 - MARGIN;
  });
  return { indices, safe };
}

function gathered(x: tf.Tensor4D, { indices }: NearestAxis, axis: 1 | 2): tf.Tensor4D {
  const unchanged = indices.length === x.shape[axis] && indices.every((index, o) => index === o);
  return unchanged ? x : tf.gather(x, tf.tensor1d(indices, 'int32'), axis);
}

/** Whole numbers are multiplied before they are divided, so that a whole quotient is exact. */
function nearestPixel(o: number, input: number, output: number, coordinates: ResizeCoordinates): number {
  switch (coordinates) {
    case 'halfPixel':
      return Math.floor(((2 * o + 1) * input) / (2 * output));
    case 'asymmetric':
      return Math.floor((o * input) / output);
    case 'alignCorners':
      return output === 1 ? 0 : Math.round((o * (input - 1)) / (output - 1));
  }
}
