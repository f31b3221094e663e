import { ShapeError } from '../networkErrors.ts';
import { sliceWeight } from '../sliceWeight.ts';
import { mixedChannels } from './channelRules.ts';
import type { OpDefinition } from './opDefinition.ts';
import { requirePicture, windowOutput } from './window.ts';

/**
 * Convolution: kernel `[kh, kw, in / groups, out]`, bias `[out]`; output channels of group g read
 * input channels of group g alone. All groups lose the same channels, so that they stay of one width.
 */
export const conv2d: OpDefinition<'conv2d'> = {
  inputs: 'one',
  outputShape(node, [shape]) {
    requirePicture(node.id, node.op, shape);
    const kernel = node.weights.kernel.shape;
    const { strides, padding, dilations, groups } = node.attributes;
    if (!Number.isInteger(groups) || groups < 1 || shape[2] % groups !== 0 || (kernel[3] ?? 0) % groups !== 0) {
      throw new ShapeError(node.id, node.op, `${groups} groups do not divide ${shape[2]} inputs and ${kernel[3]} outputs.`);
    }
    if (kernel.length !== 4 || kernel[2] !== shape[2] / groups) {
      throw new ShapeError(
        node.id, node.op,
        `a kernel of [${kernel.join(', ')}] cannot take an input of [${shape.join(', ')}]; ` +
          `it must be [height, width, ${shape[2] / groups}, outputs].`,
      );
    }
    const window = { size: [kernel[0], kernel[1]] as const, strides, padding, dilations };
    return [...windowOutput(node.id, node.op, window, shape), kernel[3]];
  },
  weightShapes(node, [shape]) {
    const [height, width, , outputs] = node.weights.kernel.shape;
    return { kernel: [height, width, shape[2] / node.attributes.groups, outputs], bias: [outputs] };
  },
  costParts(node, [shape], output) {
    const [height, width] = node.weights.kernel.shape;
    const parameters = (height * width * shape[2] * output[2]) / node.attributes.groups;
    const kernel = { macs: output[0] * output[1] * parameters, parameters, axes: ['in', 'out'] as const };
    return node.weights.bias ? [kernel, { macs: 0, parameters: output[2], axes: ['out'] }] : [kernel];
  },
  channels(node, context) {
    const { groups } = node.attributes;
    const { axis, labels } = mixedChannels(node, context);
    for (const side of groups > 1 ? [context.inputs[0].labels, labels] : []) {
      const width = side.length / groups;
      for (let g = 1; g < groups; g++) context.ties.tie(side.subarray(0, width), side.subarray(g * width, (g + 1) * width));
    }
    return { axis, labels };
  },
  cut(node, kept) {
    const { kernel, bias } = node.weights;
    // every group keeps the same channels, so those of the first tell all
    const inputs = kept.in?.filter((index) => index < kernel.shape[2]);
    return {
      ...node,
      weights: {
        kernel: sliceWeight(sliceWeight(kernel, 2, inputs), 3, kept.out),
        ...(bias && { bias: sliceWeight(bias, 0, kept.out) }),
      },
    };
  },
};
