import { checkEpsilon, checkOver, cutNormWeights, normChannels, normCostParts, normWeightShapes } from './normWeights.ts';
import type { OpDefinition } from './opDefinition.ts';

/** Mean and variance over the last axis, so that a channel that leaves changes the others: unless it may (`over`), all stay. */
export const layerNorm: OpDefinition<'layerNorm'> = {
  inputs: 'one',
  outputShape(node, [shape]) {
    checkEpsilon(node);
    checkOver(node, shape);
    return shape;
  },
  weightShapes: normWeightShapes,
  costParts: normCostParts,
  channels: normChannels,
  cut: (node, kept) => ({ ...node, weights: cutNormWeights(node, kept) }),
};
