import { ShapeError } from '../networkErrors.ts';
import { frozenChannels, sameLastAxis } from './channelRules.ts';
import { checkEpsilon, cutNormWeights, normCostParts, normWeightShapes } from './normWeights.ts';
import type { OpDefinition } from './opDefinition.ts';

/** Mean and variance over the pixels of a run of channels; where a run is one channel, channels are free to leave. */
export const groupNorm: OpDefinition<'groupNorm'> = {
  inputs: 'one',
  outputShape(node, [shape]) {
    checkEpsilon(node);
    const { groups } = node.attributes;
    if (!Number.isInteger(groups) || groups < 1 || shape[shape.length - 1] % groups !== 0) {
      throw new ShapeError(node.id, node.op, `${groups} groups do not divide ${shape[shape.length - 1]} channels.`);
    }
    return shape;
  },
  weightShapes: normWeightShapes,
  costParts: normCostParts,
  channels(node, context) {
    if (node.attributes.groups === context.inputs[0].labels.length) return sameLastAxis(node, context);
    return frozenChannels(context, `"${node.id}" normalises over several of its channels`);
  },
  cut: (node, kept) => ({
    ...node,
    attributes: { ...node.attributes, groups: kept.out?.length ?? node.attributes.groups },
    weights: cutNormWeights(node, kept),
  }),
};
