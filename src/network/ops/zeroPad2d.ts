import { sameLastAxis } from './channelRules.ts';
import type { OpDefinition } from './opDefinition.ts';
import { weightless } from './weightless.ts';
import { requirePicture, wholeBorder } from './window.ts';

/** Adds rows and columns of zeros: `padding` is `[[top, bottom], [left, right]]`. */
export const zeroPad2d: OpDefinition<'zeroPad2d'> = {
  ...weightless,
  channels: sameLastAxis,
  outputShape(node, [shape]) {
    requirePicture(node.id, node.op, shape);
    const [[top, bottom], [left, right]] = wholeBorder(node.id, node.op, node.attributes.padding);
    return [shape[0] + top + bottom, shape[1] + left + right, shape[2]];
  },
};
