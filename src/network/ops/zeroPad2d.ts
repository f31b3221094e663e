import { ShapeError } from '../networkErrors.ts';
import type { OpDefinition } from './opDefinition.ts';
import { weightless } from './weightless.ts';
import { requirePicture } from './window.ts';

/** Adds rows and columns of zeros: `padding` is `[[top, bottom], [left, right]]`. */
export const zeroPad2d: OpDefinition<'zeroPad2d'> = {
  ...weightless,
  outputShape(node, [shape]) {
    requirePicture(node.id, node.op, shape);
    const [[top, bottom], [left, right]] = node.attributes.padding;
    for (const value of [top, bottom, left, right]) {
      if (!Number.isInteger(value) || value < 0) {
        throw new ShapeError(node.id, node.op, `padding must be whole and not negative, found ${value}.`);
      }
    }
    return [shape[0] + top + bottom, shape[1] + left + right, shape[2]];
  },
};
