import type { Op } from '../../../../network/network.ts';
import type { Tensor } from '../graphWriter.ts';
import type { NodeWriter, WriterSource } from '../nodeWriter.ts';
import { writeActivation, writePrelu } from './activation.ts';
import { writeConv2d, writeDepthwiseConv2d, writeTransposedConv2d } from './convolution.ts';
import { writeDense } from './dense.ts';
import { writeAdd, writeConcat, writeDropout, writeMultiply, writeRescaling, writeSubtract } from './elementwise.ts';
import { writeCrop2d, writeFlatten, writePermute, writeReshape, writeSlice, writeZeroPad2d } from './layout.ts';
import { writeBatchNorm, writeGroupNorm, writeLayerNorm } from './normalization.ts';
import { writeAveragePool2d, writeGlobalAveragePool2d, writeGlobalMaxPool2d, writeMaxPool2d } from './pooling.ts';
import { refused } from './refused.ts';
import { writeResize2d } from './resize.ts';

const nodeWriters: { readonly [O in Exclude<Op, 'input'>]: NodeWriter<O> } = {
  activation: writeActivation,
  add: writeAdd,
  averagePool2d: writeAveragePool2d,
  batchNorm: writeBatchNorm,
  concat: writeConcat,
  conv2d: writeConv2d,
  crop2d: writeCrop2d,
  dense: writeDense,
  depthwiseConv2d: writeDepthwiseConv2d,
  dropout: writeDropout,
  flatten: writeFlatten,
  globalAveragePool2d: writeGlobalAveragePool2d,
  globalMaxPool2d: writeGlobalMaxPool2d,
  groupNorm: writeGroupNorm,
  layerNorm: writeLayerNorm,
  maxPool2d: writeMaxPool2d,
  multiply: writeMultiply,
  permute: writePermute,
  prelu: writePrelu,
  rescaling: writeRescaling,
  reshape: writeReshape,
  resize2d: writeResize2d,
  slice: writeSlice,
  subtract: writeSubtract,
  transposedConv2d: writeTransposedConv2d,
  zeroPad2d: writeZeroPad2d,
  attention: refused,
  embedding: refused,
  patchMerging: refused,
  positions: refused,
  prependTokens: refused,
  rmsNorm: refused,
  rotary: refused,
  unembedding: refused,
};

/** Writes a node that is not the input; returns the tensor of its value. */
export function writeNode<O extends Exclude<Op, 'input'>>(source: WriterSource<O>): Tensor {
  const op: O = source.node.op;
  return nodeWriters[op](source);
}

