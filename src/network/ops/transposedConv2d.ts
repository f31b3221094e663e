import { ShapeError } from '../networkErrors.ts';
import { sliceWeight } from '../sliceWeight.ts';
import { mixedChannels } from './channelRules.ts';
import type { OpDefinition } from './opDefinition.ts';
import { requirePicture } from './window.ts';

/** The transpose of a strided convolution: kernel `[kh, kw, out, in]`, bias `[out]`. */
export const transposedConv2d: OpDefinition<'transposedConv2d'> = {
  inputs: 'one',
  outputShape(node, [shape]) {
    requirePicture(node.id, node.op, shape);
    const kernel = node.weights.kernel.shape;
    if (kernel.length !== 4 || kernel[3] !== shape[2]) {
      throw new ShapeError(
        node.id, node.op,
        `a kernel of [${kernel.join(', ')}] cannot take an input of [${shape.join(', ')}]; ` +
          `it must be [height, width, outputs, ${shape[2]}].`,
      );
    }
    const { strides, cropping } = node.attributes;
    const along = (axis: 0 | 1): number => {
      const [before, after] = cropping[axis];
      for (const value of [strides[axis], before, after]) {
        if (!Number.isInteger(value)) throw new ShapeError(node.id, node.op, `strides and cropping must be whole, found ${value}.`);
      }
      return (shape[axis] - 1) * strides[axis] + kernel[axis] - before - after;
    };
    const size = [along(0), along(1)];
    if (Math.min(...size, ...strides) < 1) {
      throw new ShapeError(node.id, node.op, `strides of ${strides.join(' × ')} and its cropping leave [${size.join(', ')}].`);
    }
    return [...size, kernel[2]];
  },
  weightShapes(node, [shape]) {
    const [height, width, outputs] = node.weights.kernel.shape;
    return { kernel: [height, width, outputs, shape[2]], bias: [outputs] };
  },
  costParts(node, [shape], output) {
    const [height, width] = node.weights.kernel.shape;
    const parameters = height * width * shape[2] * output[2];
    const kernel = { macs: shape[0] * shape[1] * parameters, parameters, axes: ['in', 'out'] as const };
    return node.weights.bias ? [kernel, { macs: 0, parameters: output[2], axes: ['out'] }] : [kernel];
  },
  channels: mixedChannels,
  cut(node, kept) {
    const { kernel, bias } = node.weights;
    return {
      ...node,
      weights: {
        kernel: sliceWeight(sliceWeight(kernel, 3, kept.in), 2, kept.out),
        ...(bias && { bias: sliceWeight(bias, 0, kept.out) }),
      },
    };
  },
};
