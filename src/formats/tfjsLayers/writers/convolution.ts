import type { Border, NodeOf, Pair, Weight } from '../../../network/network.ts';
import { chained, type LayerWriter, type WrittenLayer, type WriterContext } from '../layerWriter.ts';
import { cropLayer, zeroPaddingLayer } from './picture.ts';
import { namedPadding } from './window.ts';

type Convolution = NodeOf<'conv2d'> | NodeOf<'depthwiseConv2d'>;

/** Grouped, only with one input channel to a group: as a depthwise convolution, whose kernel has the same layout. */
export const writeConv2D: LayerWriter<'conv2d'> = (node, context) => {
  const { attributes: { groups, strides, dilations }, weights: { kernel, bias } } = node;
  const [height, width, inputs, filters] = kernel.shape;
  if (groups > 1 && inputs > 1) {
    context.refuse(`plain TensorFlow.js has no convolution in ${groups} groups of ${inputs} channels.`);
  }
  if (groups > 1) {
    const { strides: s, padding, dilations: d } = node.attributes;
    const depthwise = { shape: [height, width, groups, filters / groups], values: kernel.values };
    return writeDepthwiseConv2D(
      { id: node.id, op: 'depthwiseConv2d', inputs: node.inputs, attributes: { strides: s, padding, dilations: d }, weights: { kernel: depthwise, ...(bias && { bias }) } },
      context,
    );
  }
  // plain TensorFlow.js takes holes or strides, but not both
  const both = Math.max(...strides) > 1 && Math.max(...dilations) > 1;
  const written = both ? withHolesFilled(kernel, dilations) : kernel;
  return padded(node, context, {
    className: 'Conv2D',
    config: { filters, dilation_rate: both ? [1, 1] : dilations, ...windowConfig(node, written) },
    weights: { kernel: written, bias },
  });
};

/** Plain TensorFlow.js ignores the dilation rate of this layer, so the holes are written as zeros of the kernel. */
export const writeDepthwiseConv2D: LayerWriter<'depthwiseConv2d'> = (node, context) => {
  const { attributes: { dilations }, weights: { kernel, bias } } = node;
  const written = withHolesFilled(kernel, dilations);
  return padded(node, context, {
    className: 'DepthwiseConv2D',
    config: { depth_multiplier: kernel.shape[3], dilation_rate: [1, 1], ...windowConfig(node, written) },
    weights: { depthwise_kernel: written, bias },
  });
};

function windowConfig({ attributes, weights }: Convolution, kernel: Weight): Record<string, unknown> {
  return {
    kernel_size: kernel.shape.slice(0, 2),
    strides: attributes.strides,
    data_format: 'channels_last',
    activation: 'linear',
    use_bias: weights.bias !== undefined,
  };
}

/** `layer` with its padding by name, or a layer of zeros in front of it. */
function padded(node: Convolution, context: WriterContext, layer: WrittenLayer): WrittenLayer {
  const { padding, strides, dilations } = node.attributes;
  const { shape } = node.weights.kernel;
  const extent: Pair = [(shape[0] - 1) * dilations[0] + 1, (shape[1] - 1) * dilations[1] + 1];
  const named = namedPadding(padding, extent, strides, context.inputShapes[0]);
  if (typeof named === 'string') return { ...layer, config: { ...layer.config, padding: named } };
  const valid = { ...layer, config: { ...layer.config, padding: 'valid' } };
  return chained(context, ['padded', zeroPaddingLayer(named)], ['', valid]);
}

/** The kernel `[kh, kw, …]` with zeros where `dilations` leaves pixels out. */
export function withHolesFilled(kernel: Weight, dilations: Pair): Weight {
  if (dilations[0] === 1 && dilations[1] === 1) return kernel;
  const [height, width, ...rest] = kernel.shape;
  const [rows, columns] = [(height - 1) * dilations[0] + 1, (width - 1) * dilations[1] + 1];
  const inner = rest.reduce((product, size) => product * size, 1);
  const values = new Float32Array(rows * columns * inner);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const from = (y * width + x) * inner;
      values.set(kernel.values.subarray(from, from + inner), (y * dilations[0] * columns + x * dilations[1]) * inner);
    }
  }
  return { shape: [rows, columns, ...rest], values };
}

/** `valid` or `same` where these lose the same rows and columns, else `valid` with what is then too much cropped, or zeros added. */
export const writeConv2DTranspose: LayerWriter<'transposedConv2d'> = ({ attributes, weights }, context) => {
  const { kernel, bias } = weights;
  const [height, width, filters] = kernel.shape;
  const { strides } = attributes;
  const layer = (padding: 'same' | 'valid', withBias: boolean): WrittenLayer => ({
    className: 'Conv2DTranspose',
    config: {
      filters, kernel_size: [height, width], strides, padding, data_format: 'channels_last', activation: 'linear',
      use_bias: withBias && bias !== undefined,
    },
    weights: { kernel, bias: withBias ? bias : undefined },
  });
  const lost = (padding: 'same' | 'valid'): Border => [lostRows(height, strides[0], padding), lostRows(width, strides[1], padding)];
  const left = attributes.cropping.map((side, axis) => side.map((rows, end) => rows - lost('valid')[axis][end]));
  for (const padding of ['valid', 'same'] as const) {
    if (lost(padding).flat().every((rows, k) => rows === attributes.cropping.flat()[k])) return layer(padding, true);
  }
  const some = (sign: 1 | -1): Border => {
    const [[top, bottom], [start, end]] = left.map((side) => side.map((rows) => Math.max(0, sign * rows)));
    return [[top, bottom], [start, end]];
  };
  if (left.flat().every((rows) => rows >= 0)) return chained(context, ['whole', layer('valid', true)], ['', cropLayer(some(1))]);
  // the zeros that are added get the bias too
  const steps = [['whole', layer('valid', false)], ['cropped', cropLayer(some(1))], ['padded', zeroPaddingLayer(some(-1))]] as const;
  return chained(context, ...steps, ...(bias ? [['', biasLayer(bias, filters)] as const] : []));
};

/** What Conv2DTranspose loses of the full result above and below, see the contract of the op. */
function lostRows(size: number, stride: number, padding: 'same' | 'valid'): Pair {
  const total = padding === 'same' ? size - stride : Math.min(size - stride, 0);
  const top = padding === 'same' ? Math.max(0, Math.floor(total / 2)) : 0;
  return [top, total - top];
}

/** `x + bias`: a depthwise convolution by 1. */
function biasLayer(bias: Weight, channels: number): WrittenLayer {
  return {
    className: 'DepthwiseConv2D',
    config: { kernel_size: [1, 1], strides: [1, 1], padding: 'valid', data_format: 'channels_last', depth_multiplier: 1, activation: 'linear', use_bias: true },
    weights: { depthwise_kernel: { shape: [1, 1, channels, 1], values: new Float32Array(channels).fill(1) }, bias },
  };
}
