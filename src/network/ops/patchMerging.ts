import { ShapeError } from '../networkErrors.ts';
import { sameLastAxis } from './channelRules.ts';
import type { OpDefinition } from './opDefinition.ts';
import { weightless } from './weightless.ts';
import { requirePicture } from './window.ts';

/** `[h, w, c]` → `[h / rows, w / columns, rows · columns · c]`; feature f belongs to channel `f mod c`. */
export const patchMerging: OpDefinition<'patchMerging'> = {
  ...weightless,
  outputShape(node, [shape]) {
    requirePicture(node.id, node.op, shape);
    const [rows, columns] = node.attributes.size;
    if (![rows, columns].every((size) => Number.isInteger(size) && size >= 1) || shape[0] % rows !== 0 || shape[1] % columns !== 0) {
      throw new ShapeError(node.id, node.op, `patches of ${rows} × ${columns} do not divide [${shape.join(', ')}].`);
    }
    return [shape[0] / rows, shape[1] / columns, shape[2] * rows * columns];
  },
  channels(node, context) {
    const { labels } = sameLastAxis(node, context);
    const { length } = labels;
    return { axis: 2, labels: Int32Array.from({ length: context.output[2] }, (_, f) => labels[f % length]) };
  },
};
