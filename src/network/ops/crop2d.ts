import { ShapeError } from '../networkErrors.ts';
import { sameLastAxis } from './channelRules.ts';
import type { OpDefinition } from './opDefinition.ts';
import { weightless } from './weightless.ts';
import { requirePicture, wholeBorder } from './window.ts';

/** Takes rows and columns away: `cropping` is `[[top, bottom], [left, right]]`. */
export const crop2d: OpDefinition<'crop2d'> = {
  ...weightless,
  channels: sameLastAxis,
  outputShape(node, [shape]) {
    requirePicture(node.id, node.op, shape);
    const [[top, bottom], [left, right]] = wholeBorder(node.id, node.op, node.attributes.cropping);
    const size = [shape[0] - top - bottom, shape[1] - left - right];
    if (Math.min(...size) < 1) throw new ShapeError(node.id, node.op, `its cropping leaves nothing of [${shape.join(', ')}].`);
    return [...size, shape[2]];
  },
};
