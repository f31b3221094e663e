import { ShapeError } from '../networkErrors.ts';
import { sliceWeight } from '../sliceWeight.ts';
import { mixedChannels } from './channelRules.ts';
import type { OpDefinition } from './opDefinition.ts';

/** Matrix product along the last axis: kernel `[in, out]`, bias `[out]`. */
export const dense: OpDefinition<'dense'> = {
  inputs: 'one',
  outputShape(node, [shape]) {
    const kernel = node.weights.kernel.shape;
    if (kernel.length !== 2 || kernel[0] !== shape[shape.length - 1]) {
      throw new ShapeError(
        node.id, node.op,
        `a kernel of [${kernel.join(', ')}] cannot take an input of [${shape.join(', ')}]; ` +
          `it must be [${shape[shape.length - 1]}, outputs].`,
      );
    }
    return shape.with(shape.length - 1, kernel[1]);
  },
  weightShapes(node, [shape]) {
    const outputs = node.weights.kernel.shape[1];
    return { kernel: [shape[shape.length - 1], outputs], bias: [outputs] };
  },
  costParts(node, [shape], output) {
    const outputs = output[output.length - 1];
    const parameters = shape[shape.length - 1] * outputs;
    const positions = output.slice(0, -1).reduce((product, size) => product * size, 1);
    const kernel = { macs: positions * parameters, parameters, axes: ['in', 'out'] as const };
    return node.weights.bias ? [kernel, { macs: 0, parameters: outputs, axes: ['out'] }] : [kernel];
  },
  channels: mixedChannels,
  cut(node, kept) {
    const { kernel, bias } = node.weights;
    return {
      ...node,
      weights: {
        kernel: sliceWeight(sliceWeight(kernel, 0, kept.in), 1, kept.out),
        ...(bias && { bias: sliceWeight(bias, 0, kept.out) }),
      },
    };
  },
};
