import { ShapeError } from '../networkErrors.ts';
import { sliceWeight } from '../sliceWeight.ts';
import type { OpDefinition } from './opDefinition.ts';

/** Matrix product of a vector: kernel `[in, out]`, bias `[out]`. */
export const dense: OpDefinition<'dense'> = {
  inputs: 'one',
  outputShape(node, [shape]) {
    const kernel = node.weights.kernel.shape;
    if (shape.length !== 1 || kernel.length !== 2 || kernel[0] !== shape[0]) {
      throw new ShapeError(
        node.id, node.op,
        `a kernel of [${kernel.join(', ')}] cannot take an input of [${shape.join(', ')}]; ` +
          'the input must be a vector (flatten or pool first) and the kernel [inputs, outputs].',
      );
    }
    return [kernel[1]];
  },
  weightShapes(node, [shape]) {
    const outputs = node.weights.kernel.shape[1];
    return { kernel: [shape[0], outputs], bias: [outputs] };
  },
  costParts(node, [shape], output) {
    const product = shape[0] * output[0];
    const kernel = { macs: product, parameters: product, axes: ['in', 'out'] as const };
    return node.weights.bias ? [kernel, { macs: 0, parameters: output[0], axes: ['out'] }] : [kernel];
  },
  role: () => ({ kind: 'mixer' }),
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
