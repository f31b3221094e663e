import { sliceWeight } from '../sliceWeight.ts';
import { frozenChannels } from './channelRules.ts';
import { checkEpsilon } from './normWeights.ts';
import type { OpDefinition } from './opDefinition.ts';

/** The root mean square over the last axis, so that no channel can leave without changing the others. */
export const rmsNorm: OpDefinition<'rmsNorm'> = {
  inputs: 'one',
  outputShape(node, [shape]) {
    checkEpsilon(node);
    return shape;
  },
  weightShapes: (_node, [shape]) => ({ gamma: [shape[shape.length - 1]] }),
  costParts: (node, _inputs, output) => [{ macs: 0, parameters: node.weights.gamma ? output[output.length - 1] : 0, axes: ['out'] }],
  channels: (node, context) => frozenChannels(context, `"${node.id}" normalises over all of its channels`),
  cut(node, kept) {
    const { gamma } = node.weights;
    return { ...node, weights: { ...(gamma && { gamma: sliceWeight(gamma, 0, kept.out) }) } };
  },
};
