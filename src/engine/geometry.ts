import type { ConsumerNode, Pair, Shape } from '../network/network.ts';

/**
 * How a consumer layer reads its input: which pixels make up one patch. A dense layer is a
 * 1 × 1 convolution over one pixel; after a flatten, its kernel covers the whole map
 * (component i is channel i, offset q is position q).
 */
export interface PatchGeometry {
  /** `[height, width, channels]` of the input. */
  readonly input: readonly [number, number, number];
  /** `[height, width]` of the output. */
  readonly output: Pair;
  readonly kernel: Pair;
  readonly strides: Pair;
  readonly dilations: Pair;
  /** Zero rows above and columns to the left of the input. */
  readonly before: Pair;
}

/** The geometry of a conv2d or dense node that reads an input of this shape (after a flatten: the shape before it). */
export function patchGeometry(node: ConsumerNode, input: Shape): PatchGeometry {
  if (node.op === 'dense') {
    const [height, width, channels] = input.length === 3 ? input : [1, 1, input[0]];
    return {
      input: [height, width, channels],
      output: [1, 1],
      kernel: [height, width],
      strides: [1, 1],
      dilations: [1, 1],
      before: [0, 0],
    };
  }
  const { strides, dilations, padding } = node.attributes;
  const kernel: Pair = [node.weights.kernel.shape[0], node.weights.kernel.shape[1]];
  const axis = (a: 0 | 1) => {
    const extent = (kernel[a] - 1) * dilations[a] + 1;
    if (padding === 'valid') return { size: Math.floor((input[a] - extent) / strides[a]) + 1, before: 0 };
    const size = Math.ceil(input[a] / strides[a]);
    const total = Math.max(0, (size - 1) * strides[a] + extent - input[a]);
    return { size, before: Math.floor(total / 2) };
  };
  const [rows, columns] = [axis(0), axis(1)];
  return {
    input: [input[0], input[1], input[2]],
    output: [rows.size, columns.size],
    kernel,
    strides,
    dilations,
    before: [rows.before, columns.before],
  };
}

/** Offsets in a patch, `kh · kw`. */
export function patchSize({ kernel }: PatchGeometry): number {
  return kernel[0] * kernel[1];
}
