import type { NodeOf, Op, Shape } from '../../../network/network.ts';
import { orderedLayout, type Layout } from '../axisLayout.ts';
import type { GraphWriter, Tensor } from './graphWriter.ts';

/** A node to be written: with the tensors that it reads and the shape of its value. */
export interface WriterSource<O extends Op> {
  readonly node: NodeOf<O>;
  readonly inputs: readonly Tensor[];
  readonly inputShapes: readonly Shape[];
  readonly shape: Shape;
  readonly graph: GraphWriter;
}

/** Writes the ONNX nodes of one node; the last of them, or the one that gives it its meaning, has its id. */
export type NodeWriter<O extends Op> = (source: WriterSource<O>) => Tensor;

export function tensorOf(name: string, layout: Layout): Tensor {
  return { name, layout, moverName: name };
}

/** A picture of `[h, w, c]`, stored as `[c, h, w]`. */
export function pictureTensor(name: string, shape: Shape): Tensor {
  return tensorOf(name, orderedLayout(shape, [2, 0, 1]));
}

/** The picture `x`, stored as `[c, h, w]`. */
export function asPicture(graph: GraphWriter, x: Tensor): Tensor {
  const [rows, columns, channels] = x.layout.logical;
  return graph.arranged(x, [channels, rows, columns]);
}
