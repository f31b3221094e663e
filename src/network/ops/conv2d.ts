import { ShapeError } from '../networkErrors.ts';
import { sliceWeight } from '../sliceWeight.ts';
import type { OpDefinition } from './opDefinition.ts';
import { requirePicture, windowOutput } from './window.ts';

/** Convolution, ungrouped: kernel `[kh, kw, in, out]`, bias `[out]`. */
export const conv2d: OpDefinition<'conv2d'> = {
  inputs: 'one',
  outputShape(node, [shape]) {
    requirePicture(node.id, node.op, shape);
    const kernel = node.weights.kernel.shape;
    if (kernel.length !== 4 || kernel[2] !== shape[2]) {
      throw new ShapeError(
        node.id, node.op,
        `a kernel of [${kernel.join(', ')}] cannot take an input of [${shape.join(', ')}]; ` +
          `it must be [height, width, ${shape[2]}, outputs].`,
      );
    }
    const { strides, padding, dilations } = node.attributes;
    const window = { size: [kernel[0], kernel[1]] as const, strides, padding, dilations };
    return [...windowOutput(node.id, node.op, window, shape), kernel[3]];
  },
  weightShapes(node, [shape]) {
    const [height, width, , outputs] = node.weights.kernel.shape;
    return { kernel: [height, width, shape[2], outputs], bias: [outputs] };
  },
  costParts(node, [shape], output) {
    const [height, width] = node.weights.kernel.shape;
    const parameters = height * width * shape[2] * output[2];
    const kernel = { macs: output[0] * output[1] * parameters, parameters, axes: ['in', 'out'] as const };
    return node.weights.bias ? [kernel, { macs: 0, parameters: output[2], axes: ['out'] }] : [kernel];
  },
  role: () => ({ kind: 'mixer' }),
  cut(node, kept) {
    const { kernel, bias } = node.weights;
    return {
      ...node,
      weights: {
        kernel: sliceWeight(sliceWeight(kernel, 2, kept.in), 3, kept.out),
        ...(bias && { bias: sliceWeight(bias, 0, kept.out) }),
      },
    };
  },
};
