import { withLastAxis } from '../../alignment.ts';
import { newAxis, positionsIn } from '../../axisLayout.ts';
import { tensorOf, type NodeWriter } from '../nodeWriter.ts';

/**
 * A vector's product is a Gemm, any other a MatMul along the last stored axis. Where the file stores
 * the features in another order than the network, the rows of the matrix are sorted to match.
 */
export const writeDense: NodeWriter<'dense'> = ({ node, inputs, graph }) => {
  const { kernel, bias } = node.weights;
  const [given] = inputs;
  const rank = given.layout.logical.length;
  const [count, outputs] = kernel.shape;
  const biasName = (): readonly string[] => (bias ? [graph.floats(node.id, 'bias', bias.shape, bias.values)] : []);
  const x = withLastAxis(graph, given, [rank - 1]);
  const { logical, physical } = x.layout;
  const rows = positionsIn(physical[physical.length - 1], logical[rank - 1]);
  const values = rows ? rowsOf(kernel.values, outputs, rows) : kernel.values;
  const matrix = graph.floats(node.id, 'kernel', [count, outputs], values);
  const made = newAxis(outputs);
  const layout = { logical: logical.with(rank - 1, made), physical: [...physical.slice(0, -1), made] };
  if (physical.length === 1) {
    graph.node(node.id, 'Gemm', [x.name, matrix, ...biasName()]);
    return tensorOf(node.id, layout);
  }
  graph.node(node.id, 'MatMul', [x.name, matrix]);
  return tensorOf(bias ? graph.part(node.id, 'biased', 'Add', [node.id, ...biasName()]) : node.id, layout);
};

function rowsOf(values: Float32Array, width: number, rows: Uint32Array): Float32Array {
  const sorted = new Float32Array(values.length);
  for (const [k, row] of rows.entries()) sorted.set(values.subarray(row * width, (row + 1) * width), k * width);
  return sorted;
}
