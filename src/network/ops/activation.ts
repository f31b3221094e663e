import type { OpDefinition } from './opDefinition.ts';
import { weightless } from './weightless.ts';

/** Elementwise functions; softmax normalises over the channels and so blocks cutting them. */
export const activation: OpDefinition<'activation'> = {
  ...weightless,
  outputShape: (_node, [shape]) => shape,
  role: (node) =>
    node.attributes.function === 'softmax'
      ? { kind: 'blocker', reason: `"${node.id}" is a softmax over its channels` }
      : { kind: 'passThrough' },
};
