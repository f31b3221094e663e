import { ShapeError } from '../networkErrors.ts';
import { sameLastAxis } from './channelRules.ts';
import type { OpDefinition } from './opDefinition.ts';
import { weightless } from './weightless.ts';
import { requirePicture } from './window.ts';

/** Pictures of another size, by nearest or bilinear interpolation. */
export const resize2d: OpDefinition<'resize2d'> = {
  ...weightless,
  channels: sameLastAxis,
  outputShape(node, [shape]) {
    requirePicture(node.id, node.op, shape);
    const { size } = node.attributes;
    if (size.some((length) => !Number.isInteger(length) || length < 1)) {
      throw new ShapeError(node.id, node.op, `the new size must be whole and positive, found ${size.join(' × ')}.`);
    }
    return [...size, shape[2]];
  },
};
