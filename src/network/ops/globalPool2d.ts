import type { NodeOf, Shape } from '../network.ts';
import type { OpDefinition } from './opDefinition.ts';
import { weightless } from './weightless.ts';
import { requirePicture } from './window.ts';

function outputShape(
  node: NodeOf<'globalAveragePool2d'> | NodeOf<'globalMaxPool2d'>,
  [shape]: readonly Shape[],
): Shape {
  requirePicture(node.id, node.op, shape);
  return [shape[2]];
}

/** `[h, w, c]` → `[c]`, the mean over positions. */
export const globalAveragePool2d: OpDefinition<'globalAveragePool2d'> = { ...weightless, outputShape };

/** `[h, w, c]` → `[c]`, the greatest over positions. */
export const globalMaxPool2d: OpDefinition<'globalMaxPool2d'> = { ...weightless, outputShape };
