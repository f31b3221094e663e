import type { Padding, Pair, Shape } from '../network.ts';
import { ShapeError } from '../networkErrors.ts';

export interface Window {
  readonly size: Pair;
  readonly strides: Pair;
  readonly padding: Padding;
  readonly dilations: Pair;
}

/**
 * Height and width of what a sliding window makes of `input` (`[h, w, c]`).
 * same: `⌈h / stride⌉`; valid: `⌊(h − (size − 1)·dilation − 1) / stride⌋ + 1`.
 * Throws `ShapeError` where the window does not fit.
 */
export function windowOutput(id: string, op: string, window: Window, input: Shape): Pair {
  const along = (axis: 0 | 1): number => {
    const extent = (window.size[axis] - 1) * window.dilations[axis] + 1;
    const stride = window.strides[axis];
    for (const value of [window.size[axis], window.dilations[axis], stride]) {
      if (!Number.isInteger(value) || value < 1) {
        throw new ShapeError(id, op, `window, strides and dilations must be whole and positive, found ${value}.`);
      }
    }
    return window.padding === 'same'
      ? Math.ceil(input[axis] / stride)
      : Math.floor((input[axis] - extent) / stride) + 1;
  };
  const size: Pair = [along(0), along(1)];
  if (size[0] < 1 || size[1] < 1) {
    throw new ShapeError(id, op, `a window of ${window.size.join(' × ')} does not fit into [${input.join(', ')}].`);
  }
  return size;
}

/** Throws `ShapeError` unless `shape` is a picture's, `[height, width, channels]`. */
export function requirePicture(id: string, op: string, shape: Shape): void {
  if (shape.length !== 3) {
    throw new ShapeError(id, op, `needs an input of [height, width, channels], found [${shape.join(', ')}].`);
  }
}
