import type { Shape } from '../../../../network/network.ts';
import { separated, storageOrder } from '../../alignment.ts';
import { newAxis, orderedLayout, reshaped, transposed, type Layout } from '../../axisLayout.ts';
import type { GraphWriter, Tensor } from '../graphWriter.ts';
import { asPicture, pictureTensor, tensorOf, type NodeWriter } from '../nodeWriter.ts';

/** Reshapes, permutations and flattens only say where coordinates lie; nodes are written where an operator needs them moved. */
export const writeFlatten: NodeWriter<'flatten'> = ({ node, inputs, shape, graph }) => relabelled(graph, inputs[0], shape, node.id);
export const writeReshape: NodeWriter<'reshape'> = ({ node, inputs, shape, graph }) => relabelled(graph, inputs[0], shape, node.id);

export const writePermute: NodeWriter<'permute'> = ({ node, inputs: [x] }) => ({
  ...x,
  layout: transposed(x.layout, node.attributes.order),
  moverName: node.id,
});

function relabelled(graph: GraphWriter, x: Tensor, shape: Shape, id: string): Tensor {
  const layout = reshaped(x.layout, shape);
  if (layout) return { ...x, layout, moverName: id };
  // axes that divide unevenly: in the network's own order they are one run of numbers
  const row = graph.arranged(x, [x.layout.logical.flat()]);
  const anew: Layout = orderedLayout(shape, shape.map((_, axis) => axis));
  return { ...row, layout: { logical: anew.logical, physical: [anew.physical.flat()] }, moverName: id };
}

export const writeSlice: NodeWriter<'slice'> = ({ node, inputs, graph }) => {
  const { axis, start, size } = node.attributes;
  const x = separated(graph, inputs[0]);
  const order = storageOrder(x.layout, graph.pictureOrder);
  const stored = order.indexOf(axis);
  const bounds = [[start], [start + size], [stored + 1]].map((values, k) =>
    graph.integers(node.id, ['starts', 'ends', 'axes'][k], values),
  );
  graph.node(node.id, 'Slice', [x.name, ...bounds]);
  const made = newAxis(size);
  const { logical, physical } = x.layout;
  return tensorOf(node.id, { logical: logical.with(axis, made), physical: physical.with(stored, made) });
};

export const writeCrop2d: NodeWriter<'crop2d'> = ({ node, inputs, inputShapes: [from], shape, graph }) => {
  const [[top, bottom], [left, right]] = node.attributes.cropping;
  const bounds = [[top, left], [from[0] - bottom, from[1] - right], [2, 3]].map((values, k) =>
    graph.integers(node.id, ['starts', 'ends', 'axes'][k], values),
  );
  graph.node(node.id, 'Slice', [asPicture(graph, inputs[0]).name, ...bounds]);
  return pictureTensor(node.id, shape);
};

export const writeZeroPad2d: NodeWriter<'zeroPad2d'> = ({ node, inputs, shape, graph }) => {
  const [[top, bottom], [left, right]] = node.attributes.padding;
  const pads = graph.integers(node.id, 'pads', [0, 0, top, left, 0, 0, bottom, right]);
  graph.node(node.id, 'Pad', [asPicture(graph, inputs[0]).name, pads]);
  return pictureTensor(node.id, shape);
};
