import { sliceWeight } from '../sliceWeight.ts';
import { mixedChannels } from './channelRules.ts';
import type { OpDefinition } from './opDefinition.ts';
import { requireFeatures } from './sequence.ts';

/** A tied output head: one score for every row of an embedding's table, whose parameters count there. */
export const unembedding: OpDefinition<'unembedding'> = {
  inputs: 'one',
  outputShape(node, [shape]) {
    const { table } = node.weights;
    requireFeatures(node, table.shape, shape[shape.length - 1]);
    return shape.with(shape.length - 1, table.shape[0]);
  },
  weightShapes: (node) => ({ table: node.weights.table.shape }),
  costParts(_node, [shape], output) {
    const positions = output.slice(0, -1).reduce((product, size) => product * size, 1);
    return [{ macs: positions * shape[shape.length - 1] * output[output.length - 1], parameters: 0, axes: ['in', 'out'] }];
  },
  channels: mixedChannels,
  cut: (node, kept) => ({ ...node, weights: { table: sliceWeight(sliceWeight(node.weights.table, 1, kept.in), 0, kept.out) } }),
};
