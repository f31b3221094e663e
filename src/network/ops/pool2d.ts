import type { NodeOf, Shape } from '../network.ts';
import { sameLastAxis } from './channelRules.ts';
import type { OpDefinition } from './opDefinition.ts';
import { weightless } from './weightless.ts';
import { requirePicture, windowOutput } from './window.ts';

function outputShape(node: NodeOf<'maxPool2d'> | NodeOf<'averagePool2d'>, [shape]: readonly Shape[]): Shape {
  requirePicture(node.id, node.op, shape);
  const { poolSize, strides, padding } = node.attributes;
  const window = { size: poolSize, strides, padding, dilations: [1, 1] as const };
  return [...windowOutput(node.id, node.op, window, shape), shape[2]];
}

/** Greatest value of each window, per channel. */
export const maxPool2d: OpDefinition<'maxPool2d'> = { ...weightless, outputShape, channels: sameLastAxis };

/** Mean of each window, per channel; padding does not count. */
export const averagePool2d: OpDefinition<'averagePool2d'> = { ...weightless, outputShape, channels: sameLastAxis };
