import type { NodeOf, Shape } from '../network.ts';
import type { ChannelContext, Channels, OpDefinition } from './opDefinition.ts';
import { weightless } from './weightless.ts';
import { requirePicture } from './window.ts';

type GlobalPool = NodeOf<'globalAveragePool2d'> | NodeOf<'globalMaxPool2d'>;

function outputShape(node: GlobalPool, [shape]: readonly Shape[]): Shape {
  requirePicture(node.id, node.op, shape);
  return node.attributes.keepDims ? [1, 1, shape[2]] : [shape[2]];
}

function channels(node: GlobalPool, { inputs: [{ axis, labels }], output, ties }: ChannelContext): Channels {
  if (axis === 2) return { axis: output.length - 1, labels };
  ties.freeze(labels, `"${node.id}" pools over its channels`);
  return { axis: output.length - 1, labels: new Int32Array(output[output.length - 1]).fill(labels[0]) };
}

/** `[h, w, c]` → `[c]` or `[1, 1, c]`, the mean over positions. */
export const globalAveragePool2d: OpDefinition<'globalAveragePool2d'> = { ...weightless, outputShape, channels };

/** `[h, w, c]` → `[c]` or `[1, 1, c]`, the greatest over positions. */
export const globalMaxPool2d: OpDefinition<'globalMaxPool2d'> = { ...weightless, outputShape, channels };
