import { ShapeError } from '../networkErrors.ts';
import { sliceWeight } from '../sliceWeight.ts';
import { sameLastAxis } from './channelRules.ts';
import type { OpDefinition } from './opDefinition.ts';
import { requireFeatures, requireSequence } from './sequence.ts';

/** Learnt positions: a row of a table is added to each token. */
export const positions: OpDefinition<'positions'> = {
  inputs: 'one',
  outputShape(node, [shape]) {
    const [tokens, features] = requireSequence(node.id, node.op, shape);
    const { table } = node.weights;
    requireFeatures(node, table.shape, features);
    const { start } = node.attributes;
    if (!Number.isInteger(start) || start < 0) throw new ShapeError(node.id, node.op, `its first row must be whole and not negative, found ${start}.`);
    if (table.shape[0] < start + tokens) {
      throw new ShapeError(node.id, node.op, `knows ${table.shape[0] - start} positions, found ${tokens} tokens. Use shorter sequences.`);
    }
    return shape;
  },
  weightShapes: (node) => ({ table: node.weights.table.shape }),
  costParts: (node) => [{ macs: 0, parameters: node.weights.table.values.length, axes: ['out'] }],
  channels: sameLastAxis,
  cut: (node, kept) => ({ ...node, weights: { table: sliceWeight(node.weights.table, 1, kept.out) } }),
};
