import type { Network } from '../../../network/network.ts';
import { inferShapes, validateNetwork } from '../../../network/shapes.ts';
import { axisSizes, orderedLayout } from '../axisLayout.ts';
import { OnnxExportError } from '../errors.ts';
import { GraphWriter, type Tensor } from './graphWriter.ts';
import { pictureTensor, tensorOf } from './nodeWriter.ts';
import { writeNode } from './writers/table.ts';

/**
 * Writes `network` as an ONNX model of operator set 17, with its weights inside and the batch left
 * open as `N`.
 *
 * The input, and outputs that are pictures, are `[N, channels, height, width]`, as PyTorch writes
 * them; vectors and other outputs are laid out as in the network. A node keeps its id as its name,
 * and its value's tensor has that name too; what it is composed of is called `<id>/<part>`.
 *
 * Throws what `validateNetwork` throws, and `OnnxExportError` where the weights exceed 2 GiB.
 */
export function exportOnnx(network: Network): Uint8Array<ArrayBuffer> {
  validateNetwork(network);
  const shapes = inferShapes(network);
  const shapeOf = (id: string): readonly number[] => {
    const shape = shapes.get(id);
    if (!shape) throw new OnnxExportError(`Layer "${id}" does not exist.`);
    return shape;
  };
  const graph = new GraphWriter(network.nodes.map(({ id }) => id));
  const tensors = new Map<string, Tensor>();
  const tensorFor = (id: string): Tensor => {
    const tensor = tensors.get(id);
    if (!tensor) throw new OnnxExportError(`Layer "${id}" does not stand before its readers.`);
    return tensor;
  };
  for (const node of network.nodes) {
    const shape = shapeOf(node.id);
    if (node.op === 'input') {
      const tensor = shape.length === 3 ? pictureTensor(node.id, shape) : tensorOf(node.id, orderedLayout(shape, shape.map((_, k) => k)));
      tensors.set(node.id, tensor);
      graph.input(node.id, axisSizes(tensor.layout.physical));
      continue;
    }
    tensors.set(node.id, writeNode({
      node, shape, graph,
      inputs: node.inputs.map(tensorFor),
      inputShapes: node.inputs.map(shapeOf),
    }));
  }
  const given = new Set(network.nodes.filter(({ op }) => op === 'input').map(({ id }) => id));
  const outputs = network.outputs.map((id) => {
    const stored = asOutput(graph, tensorFor(id));
    const name = given.has(stored.name) ? graph.part(id, 'output', 'Identity', [stored.name]) : stored.name;
    given.add(name);
    return [name, axisSizes(stored.layout.physical)] as const;
  });
  return graph.bytes(network.name, outputs);
}

/** Pictures channels first, everything else in the network's order. */
function asOutput(graph: GraphWriter, tensor: Tensor): Tensor {
  const { logical } = tensor.layout;
  return graph.arranged(tensor, logical.length === 3 ? graph.pictureOrder.map((axis) => logical[axis]) : logical);
}
