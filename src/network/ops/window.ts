import type { Border, Padding, Pair, Shape } from '../network.ts';
import { ShapeError } from '../networkErrors.ts';

export interface Window {
  readonly size: Pair;
  readonly strides: Pair;
  readonly padding: Padding;
  readonly dilations: Pair;
}

/**
 * Height and width of what a sliding window makes of `input` (`[h, w, c]`).
 * same: `⌈h / stride⌉`; else, h with its padding: `⌊(h − (size − 1)·dilation − 1) / stride⌋ + 1`.
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
    if (window.padding === 'same') return Math.ceil(input[axis] / stride);
    const [before, after] = window.padding === 'valid' ? [0, 0] : wholeBorder(id, op, window.padding)[axis];
    return Math.floor((input[axis] + before + after - extent) / stride) + 1;
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

/** `border` itself. Throws `ShapeError` unless its numbers are whole and not negative. */
export function wholeBorder(id: string, op: string, border: Border): Border {
  for (const value of border.flat()) {
    if (!Number.isInteger(value) || value < 0) {
      throw new ShapeError(id, op, `padding must be whole and not negative, found ${value}.`);
    }
  }
  return border;
}
