import { ShapeError } from '../networkErrors.ts';
import { sliceWeight } from '../sliceWeight.ts';
import { sameLastAxis } from './channelRules.ts';
import type { OpDefinition } from './opDefinition.ts';

/** `x` above zero, `alpha · x` below; alpha may be shared along any axis. */
export const prelu: OpDefinition<'prelu'> = {
  inputs: 'one',
  outputShape(node, [shape]) {
    const alpha = node.weights.alpha.shape;
    if (alpha.length !== shape.length || alpha.some((size, axis) => size !== 1 && size !== shape[axis])) {
      throw new ShapeError(
        node.id, node.op,
        `alpha of [${alpha.join(', ')}] does not fit an input of [${shape.join(', ')}]; each axis must be whole or 1.`,
      );
    }
    return shape;
  },
  weightShapes: (node) => ({ alpha: node.weights.alpha.shape }),
  costParts(node) {
    const { shape, values } = node.weights.alpha;
    return [{ macs: 0, parameters: values.length, axes: shape[shape.length - 1] > 1 ? ['out'] : [] }];
  },
  channels: sameLastAxis,
  cut(node, kept) {
    const { alpha } = node.weights;
    const axis = alpha.shape.length - 1;
    return alpha.shape[axis] === 1 ? node : { ...node, weights: { alpha: sliceWeight(alpha, axis, kept.out) } };
  },
};
