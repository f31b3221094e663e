import type { Border, Padding, Pair, Shape } from '../../../network/network.ts';

/**
 * `same` or `valid` where that places every window as `padding` does; else the border that the
 * windows reach. `extent` is a window's size with its holes.
 */
export function namedPadding(padding: Padding, extent: Pair, strides: Pair, [...size]: Shape): Padding {
  if (typeof padding === 'string') return padding;
  const along = (axis: 0 | 1) => {
    const [before, after] = padding[axis];
    const windows = Math.floor((size[axis] + before + after - extent[axis]) / strides[axis]) + 1;
    const span = (windows - 1) * strides[axis] + extent[axis];
    const reached = Math.max(0, span - before - size[axis]);
    return {
      border: [before, reached] as const,
      valid: before === 0 && reached === 0,
      same: windows === Math.ceil(size[axis] / strides[axis]) && before === Math.floor(Math.max(0, span - size[axis]) / 2),
    };
  };
  const [rows, columns] = [along(0), along(1)];
  if (rows.valid && columns.valid) return 'valid';
  if (rows.same && columns.same) return 'same';
  return [rows.border, columns.border];
}

/** How many positions a window takes along each axis of a padded input. */
export function windowCount(border: Border, extent: Pair, strides: Pair, size: Shape): Pair {
  const along = (axis: 0 | 1): number =>
    Math.floor((size[axis] + border[axis][0] + border[axis][1] - extent[axis]) / strides[axis]) + 1;
  return [along(0), along(1)];
}
