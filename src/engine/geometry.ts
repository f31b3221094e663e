import type { Border, Padding, Pair } from '../network/network.ts';
import type { ConsumerLayer } from '../pruning/consumerLayers.ts';

/**
 * How a consumer layer reads its (prepared) input: which pixels make up one patch. A dense layer is
 * a 1 × 1 convolution over every position, whose channels are single features (of heads: in the order of a
 * component-major patch); after a flatten, its kernel covers the whole map
 * (component i is channel i, offset q is position q). A transposed convolution is a convolution of
 * stride 1 over its input with zeros inserted between the pixels.
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

/** The geometry of a layer whose node reads an input of this shape, which may have been cut. */
export function layerGeometry(layer: Pick<ConsumerLayer, 'node' | 'parts' | 'flattened'>, shape: readonly number[]): PatchGeometry {
  const { node, parts, flattened } = layer;
  if (node.op === 'dense') {
    const channels = shape[shape.length - 1];
    if (flattened) {
      const [height, width] = flattened;
      return { ...ONE_PIXEL, input: [height, width, channels / (height * width)], output: [1, 1], kernel: flattened };
    }
    const positions = shape.slice(0, -1).reduce((product, size) => product * size, 1);
    return { ...ONE_PIXEL, input: [positions, 1, channels], output: [positions, 1] };
  }
  const [height, width, channels] = shape;
  const kernel: Pair = [node.weights.kernel.shape[0], node.weights.kernel.shape[1]];
  if (node.op === 'transposedConv2d') {
    const { strides, cropping } = node.attributes;
    const along = (axis: 0 | 1, size: number) => {
      const spread = (size - 1) * strides[axis] + 1;
      return { spread, output: spread + kernel[axis] - 1 - cropping[axis][0] - cropping[axis][1], before: kernel[axis] - 1 - cropping[axis][0] };
    };
    const [rows, columns] = [along(0, height), along(1, width)];
    return {
      ...ONE_PIXEL,
      input: [rows.spread, columns.spread, channels],
      output: [rows.output, columns.output],
      kernel,
      before: [rows.before, columns.before],
    };
  }
  const { strides, dilations, padding } = node.attributes;
  const [rows, columns] = ([0, 1] as const).map((axis) =>
    convolutionAxis(shape[axis], kernel[axis], strides[axis], dilations[axis], padding, axis));
  return {
    input: [height, width, channels / parts],
    output: [rows.size, columns.size],
    kernel,
    strides,
    dilations,
    before: [rows.before, columns.before],
  };
}

const ONE_PIXEL = { kernel: [1, 1], strides: [1, 1], dilations: [1, 1], before: [0, 0] } as const;

function convolutionAxis(input: number, kernel: number, stride: number, dilation: number, padding: Padding, axis: 0 | 1) {
  const extent = (kernel - 1) * dilation + 1;
  if (padding === 'same') {
    const size = Math.ceil(input / stride);
    return { size, before: Math.floor(Math.max(0, (size - 1) * stride + extent - input) / 2) };
  }
  const border: Border = padding === 'valid' ? [[0, 0], [0, 0]] : padding;
  const [before, after] = border[axis];
  return { size: Math.floor((input + before + after - extent) / stride) + 1, before };
}

/** Offsets in a patch, `kh · kw`. */
export function patchSize({ kernel }: PatchGeometry): number {
  return kernel[0] * kernel[1];
}
