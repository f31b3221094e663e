import type { NodeOf } from '../../../../network/network.ts';
import { asPicture, pictureTensor, tensorOf, type NodeWriter, type WriterSource } from '../nodeWriter.ts';
import type { Tensor } from '../graphWriter.ts';
import { padsOf } from './convolution.ts';

/**
 * After zeros, the indices of the greatest are asked for too, although nothing reads them:
 * onnxruntime (1.17 to 1.30 at least) would else fuse the zeros into the pool, which ignores its own
 * border, so that they no longer count.
 */
export const writeMaxPool2d: NodeWriter<'maxPool2d'> = (source) => {
  const x = asPicture(source.graph, source.inputs[0]);
  const afterZeros = source.graph.makerOf(x.name) === 'Pad';
  return writePool(source, x, 'MaxPool', afterZeros ? [source.graph.uniqueName(source.node.id, 'indices')] : []);
};

export const writeAveragePool2d: NodeWriter<'averagePool2d'> = (source) =>
  writePool(source, asPicture(source.graph, source.inputs[0]), 'AveragePool');

function writePool(
  { node, inputShapes, shape, graph }: WriterSource<'maxPool2d'> | WriterSource<'averagePool2d'>,
  x: Tensor,
  opType: string,
  unread: readonly string[] = [],
): Tensor {
  const { poolSize, strides, padding } = node.attributes;
  const pads = padsOf(padding, inputShapes[0], poolSize, strides, [1, 1]);
  graph.node(node.id, opType, [x.name], { kernel_shape: poolSize, strides, pads }, unread);
  return pictureTensor(node.id, shape);
}

export const writeGlobalAveragePool2d: NodeWriter<'globalAveragePool2d'> = (source) => writeGlobalPool(source, 'GlobalAveragePool');
export const writeGlobalMaxPool2d: NodeWriter<'globalMaxPool2d'> = (source) => writeGlobalPool(source, 'GlobalMaxPool');

interface GlobalPoolSource extends Omit<WriterSource<'globalAveragePool2d'>, 'node'> {
  readonly node: NodeOf<'globalAveragePool2d'> | NodeOf<'globalMaxPool2d'>;
}

/** Always `[c, 1, 1]` in the file; what needs a vector flattens it. */
function writeGlobalPool({ node, inputs, graph }: GlobalPoolSource, opType: string): Tensor {
  const x = asPicture(graph, inputs[0]);
  graph.node(node.id, opType, [x.name]);
  const [channels] = x.layout.physical;
  const logical = node.attributes.keepDims ? [[], [], channels] : [channels];
  return tensorOf(node.id, { logical, physical: [channels, [], []] });
}
