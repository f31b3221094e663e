import { ShapeError } from '../networkErrors.ts';
import { sliceWeight } from '../sliceWeight.ts';
import type { OpDefinition } from './opDefinition.ts';

/** A row of a table for every token id: `[tokens]` → `[tokens, features]`. Its features are new channels. */
export const embedding: OpDefinition<'embedding'> = {
  inputs: 'one',
  outputShape(node, [shape]) {
    const { shape: table } = node.weights.table;
    if (shape.length !== 1 || table.length !== 2) {
      throw new ShapeError(
        node.id, node.op,
        `needs token ids of [tokens] and a table of [vocabulary, features], found [${shape.join(', ')}] and [${table.join(', ')}].`,
      );
    }
    return [shape[0], table[1]];
  },
  weightShapes: (node) => ({ table: node.weights.table.shape }),
  costParts: (node) => [{ macs: 0, parameters: node.weights.table.values.length, axes: ['out'] }],
  channels: (_node, { output, ties }) => ({ axis: 1, labels: ties.open(output[1]) }),
  cut: (node, kept) => ({ ...node, weights: { table: sliceWeight(node.weights.table, 1, kept.out) } }),
};
