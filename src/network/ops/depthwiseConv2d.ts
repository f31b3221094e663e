import { ShapeError } from '../networkErrors.ts';
import { sliceWeight } from '../sliceWeight.ts';
import { sameLastAxis } from './channelRules.ts';
import type { OpDefinition } from './opDefinition.ts';
import { requirePicture, windowOutput } from './window.ts';

/** One filter, or `multiplier` filters, for every channel: kernel `[kh, kw, channels, multiplier]`. */
export const depthwiseConv2d: OpDefinition<'depthwiseConv2d'> = {
  inputs: 'one',
  outputShape(node, [shape]) {
    requirePicture(node.id, node.op, shape);
    const kernel = node.weights.kernel.shape;
    if (kernel.length !== 4 || kernel[2] !== shape[2]) {
      throw new ShapeError(
        node.id, node.op,
        `a kernel of [${kernel.join(', ')}] cannot take an input of [${shape.join(', ')}]; ` +
          `it must be [height, width, ${shape[2]}, multiplier].`,
      );
    }
    const { strides, padding, dilations } = node.attributes;
    const window = { size: [kernel[0], kernel[1]] as const, strides, padding, dilations };
    return [...windowOutput(node.id, node.op, window, shape), kernel[2] * kernel[3]];
  },
  weightShapes(node, [shape]) {
    const [height, width, , multiplier] = node.weights.kernel.shape;
    return { kernel: [height, width, shape[2], multiplier], bias: [shape[2] * multiplier] };
  },
  costParts(node, _inputs, output) {
    const [height, width] = node.weights.kernel.shape;
    const parameters = height * width * output[2];
    return [{ macs: output[0] * output[1] * parameters, parameters: parameters + (node.weights.bias ? output[2] : 0), axes: ['out'] }];
  },
  channels(node, context) {
    const { axis, labels } = sameLastAxis(node, context);
    const multiplier = node.weights.kernel.shape[3];
    return { axis, labels: Int32Array.from({ length: labels.length * multiplier }, (_, f) => labels[Math.floor(f / multiplier)]) };
  },
  cut(node, kept) {
    const { kernel, bias } = node.weights;
    return {
      ...node,
      weights: { kernel: sliceWeight(kernel, 2, kept.in), ...(bias && { bias: sliceWeight(bias, 0, kept.out) }) },
    };
  },
};
