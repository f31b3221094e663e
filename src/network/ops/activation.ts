import { frozenChannels } from './channelRules.ts';
import type { OpDefinition } from './opDefinition.ts';
import { weightless } from './weightless.ts';

/** Elementwise functions; softmax normalises over the channels and so blocks cutting them. */
export const activation: OpDefinition<'activation'> = {
  ...weightless,
  outputShape: (_node, [shape]) => shape,
  channels: (node, context) =>
    node.attributes.function === 'softmax'
      ? frozenChannels(context, `"${node.id}" is a softmax over its channels`)
      : context.inputs[0],
};
