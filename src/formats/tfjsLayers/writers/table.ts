import type { NodeOf, Op } from '../../../network/network.ts';
import type { LayerWriter, WrittenLayer, WriterContext } from '../layerWriter.ts';
import { writeActivation, writePReLU } from './activation.ts';
import { writeConv2D, writeConv2DTranspose, writeDepthwiseConv2D } from './convolution.ts';
import { writeAdd, writeConcatenate, writeDropout, writeMultiply, writeRescaling, writeSubtract } from './elementwise.ts';
import { writeBatchNormalization, writeDense, writeGroupNormalization, writeLayerNormalization } from './mixing.ts';
import { writeCropping2D, writeUpSampling2D, writeZeroPadding2D } from './picture.ts';
import { writeAveragePooling2D, writeGlobalAveragePooling2D, writeGlobalMaxPooling2D, writeMaxPooling2D } from './pooling.ts';
import { refused } from './refused.ts';
import { writeFlatten, writeInputLayer, writePermute, writeReshape, writeSlice } from './shape.ts';

const layerWriters: { readonly [O in Op]: LayerWriter<O> } = {
  input: writeInputLayer,
  rescaling: writeRescaling,
  conv2d: writeConv2D,
  depthwiseConv2d: writeDepthwiseConv2D,
  transposedConv2d: writeConv2DTranspose,
  dense: writeDense,
  batchNorm: writeBatchNormalization,
  layerNorm: writeLayerNormalization,
  groupNorm: writeGroupNormalization,
  activation: writeActivation,
  prelu: writePReLU,
  add: writeAdd,
  subtract: writeSubtract,
  multiply: writeMultiply,
  concat: writeConcatenate,
  slice: writeSlice,
  maxPool2d: writeMaxPooling2D,
  averagePool2d: writeAveragePooling2D,
  globalAveragePool2d: writeGlobalAveragePooling2D,
  globalMaxPool2d: writeGlobalMaxPooling2D,
  flatten: writeFlatten,
  reshape: writeReshape,
  permute: writePermute,
  zeroPad2d: writeZeroPadding2D,
  crop2d: writeCropping2D,
  resize2d: writeUpSampling2D,
  dropout: writeDropout,
  attention: refused,
  embedding: refused,
  patchMerging: refused,
  positions: refused,
  prependTokens: refused,
  rmsNorm: refused,
  rotary: refused,
  unembedding: refused,
};

/** The layer that `node` becomes, and, through `context`, those in front of it. Throws `ExportError`. */
export function writeLayer<O extends Op>(node: NodeOf<O>, context: WriterContext): WrittenLayer {
  return layerWriters[node.op](node, context);
}
