import { frozenChannels } from './channelRules.ts';
import { checkEpsilon, cutNormWeights, normCostParts, normWeightShapes } from './normWeights.ts';
import type { OpDefinition } from './opDefinition.ts';

/** Mean and variance over the last axis, so that no channel can leave without changing the others. */
export const layerNorm: OpDefinition<'layerNorm'> = {
  inputs: 'one',
  outputShape(node, [shape]) {
    checkEpsilon(node);
    return shape;
  },
  weightShapes: normWeightShapes,
  costParts: normCostParts,
  channels: (node, context) => frozenChannels(context, `"${node.id}" normalises over all of its channels`),
  cut: (node, kept) => ({ ...node, weights: cutNormWeights(node, kept) }),
};
