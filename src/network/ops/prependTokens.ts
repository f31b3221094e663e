import { sliceWeight } from '../sliceWeight.ts';
import { sameLastAxis } from './channelRules.ts';
import type { OpDefinition } from './opDefinition.ts';
import { requireFeatures, requireSequence } from './sequence.ts';

/** Learnt tokens, such as a class token, in front of the others. */
export const prependTokens: OpDefinition<'prependTokens'> = {
  inputs: 'one',
  outputShape(node, [shape]) {
    const [tokens, features] = requireSequence(node.id, node.op, shape);
    requireFeatures(node, node.weights.tokens.shape, features);
    return [tokens + node.weights.tokens.shape[0], features];
  },
  weightShapes: (node) => ({ tokens: node.weights.tokens.shape }),
  costParts: (node) => [{ macs: 0, parameters: node.weights.tokens.values.length, axes: ['out'] }],
  channels: sameLastAxis,
  cut: (node, kept) => ({ ...node, weights: { tokens: sliceWeight(node.weights.tokens, 1, kept.out) } }),
};
