import { sliceWeight } from '../sliceWeight.ts';
import { checkEpsilon, checkOver, normChannels } from './normWeights.ts';
import type { OpDefinition } from './opDefinition.ts';

/** The root mean square over the last axis, so that a channel that leaves changes the others: unless it may (`over`), all stay. */
export const rmsNorm: OpDefinition<'rmsNorm'> = {
  inputs: 'one',
  outputShape(node, [shape]) {
    checkEpsilon(node);
    checkOver(node, shape);
    return shape;
  },
  weightShapes: (_node, [shape]) => ({ gamma: [shape[shape.length - 1]] }),
  costParts: (node, _inputs, output) => [{ macs: 0, parameters: node.weights.gamma ? output[output.length - 1] : 0, axes: ['out'] }],
  channels: normChannels,
  cut(node, kept) {
    const { gamma } = node.weights;
    return { ...node, weights: { ...(gamma && { gamma: sliceWeight(gamma, 0, kept.out) }) } };
  },
};
