import type { Border, Pair } from '../../network/network.ts';

/** Rows and columns from the first to the last pixel that a dilated window reads. */
export function windowExtent({ size, dilations }: { readonly size: Pair; readonly dilations: Pair }): Pair {
  return [(size[0] - 1) * dilations[0] + 1, (size[1] - 1) * dilations[1] + 1];
}

/** The border that TensorFlow calls `same`: `⌈input / stride⌉` outputs, the odd row after the picture. */
export function sameBorder(input: Pair, extent: Pair, strides: Pair): Border {
  const along = (axis: 0 | 1): Pair => {
    const total = Math.max(0, (Math.ceil(input[axis] / strides[axis]) - 1) * strides[axis] + extent[axis] - input[axis]);
    return [Math.floor(total / 2), Math.ceil(total / 2)];
  };
  return [along(0), along(1)];
}
