import type { Border, Padding, Pair, Shape, Weight } from '../../../../network/network.ts';
import { sameBorder, windowExtent } from '../../border.ts';
import { transposeValues } from '../../transposeValues.ts';
import type { GraphWriter } from '../graphWriter.ts';
import { asPicture, pictureTensor, type NodeWriter } from '../nodeWriter.ts';

/** `[top, left, bottom, right]` of a padding of `input`, `[h, w, c]`. */
export function padsOf(padding: Padding, input: Shape, size: Pair, strides: Pair, dilations: Pair): readonly number[] {
  if (padding === 'valid') return [0, 0, 0, 0];
  const border = padding === 'same' ? sameBorder([input[0], input[1]], windowExtent({ size, dilations }), strides) : padding;
  return padsOfBorder(border);
}

export function padsOfBorder([[top, bottom], [left, right]]: Border): readonly number[] {
  return [top, left, bottom, right];
}

/** A kernel with its axes in the order of the file. */
function kernelOf(graph: GraphWriter, owner: string, { shape, values }: Weight, order: readonly number[]): string {
  return graph.floats(owner, 'kernel', order.map((axis) => shape[axis]), transposeValues(values, shape, order));
}

function biasOf(graph: GraphWriter, owner: string, bias: Weight | undefined): readonly string[] {
  return bias ? [graph.floats(owner, 'bias', bias.shape, bias.values)] : [];
}

export const writeConv2d: NodeWriter<'conv2d'> = ({ node, inputs, inputShapes, shape, graph }) => {
  const { strides, padding, dilations, groups } = node.attributes;
  const { kernel, bias } = node.weights;
  const size: Pair = [kernel.shape[0], kernel.shape[1]];
  const weights = [kernelOf(graph, node.id, kernel, [3, 2, 0, 1]), ...biasOf(graph, node.id, bias)];
  graph.node(node.id, 'Conv', [asPicture(graph, inputs[0]).name, ...weights], {
    kernel_shape: size, strides, dilations, group: groups, pads: padsOf(padding, inputShapes[0], size, strides, dilations),
  });
  return pictureTensor(node.id, shape);
};

export const writeDepthwiseConv2d: NodeWriter<'depthwiseConv2d'> = ({ node, inputs, inputShapes, shape, graph }) => {
  const { strides, padding, dilations } = node.attributes;
  const { kernel, bias } = node.weights;
  const [rows, columns, channels, multiplier] = kernel.shape;
  const flat = { shape: [rows, columns, 1, channels * multiplier], values: kernel.values };
  const weights = [kernelOf(graph, node.id, flat, [3, 2, 0, 1]), ...biasOf(graph, node.id, bias)];
  graph.node(node.id, 'Conv', [asPicture(graph, inputs[0]).name, ...weights], {
    kernel_shape: [rows, columns], strides, dilations, group: channels,
    pads: padsOf(padding, inputShapes[0], [rows, columns], strides, dilations),
  });
  return pictureTensor(node.id, shape);
};

/**
 * Cropping is padding here. Zeros to be added at an end are `output_padding`, which must be less
 * than the stride; other zeros are padded before the bias, which they have too, is added.
 */
export const writeTransposedConv2d: NodeWriter<'transposedConv2d'> = ({ node, inputs, shape, graph }) => {
  const { strides, cropping } = node.attributes;
  const { kernel, bias } = node.weights;
  const size: Pair = [kernel.shape[0], kernel.shape[1]];
  const weight = kernelOf(graph, node.id, kernel, [3, 2, 0, 1]);
  const x = asPicture(graph, inputs[0]).name;
  const cut = cropping.map(([before, after]) => [Math.max(0, before), Math.max(0, after)] as const);
  const zeros = cropping.map(([before, after]) => [Math.max(0, -before), Math.max(0, -after)] as const);
  const pads = padsOfBorder([cut[0], cut[1]]);
  const simple = zeros.every(([before, after], axis) => before === 0 && after < strides[axis]);
  if (simple) {
    graph.node(node.id, 'ConvTranspose', [x, weight, ...biasOf(graph, node.id, bias)], {
      kernel_shape: size, strides, pads, output_padding: [zeros[0][1], zeros[1][1]],
    });
    return pictureTensor(node.id, shape);
  }
  const whole = graph.part(node.id, 'whole', 'ConvTranspose', [x, weight], { kernel_shape: size, strides, pads });
  const [top, left, bottom, right] = padsOfBorder([zeros[0], zeros[1]]);
  const border = graph.integers(node.id, 'pads', [0, 0, top, left, 0, 0, bottom, right]);
  if (!bias) {
    graph.node(node.id, 'Pad', [whole, border]);
  } else {
    const padded = graph.part(node.id, 'padded', 'Pad', [whole, border]);
    graph.node(node.id, 'Add', [padded, graph.floats(node.id, 'bias', [bias.shape[0], 1, 1], bias.values)]);
  }
  return pictureTensor(node.id, shape);
};
