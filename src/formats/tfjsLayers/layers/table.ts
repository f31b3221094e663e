import type { NodeOf, Op } from '../../../network/network.ts';
import { readActivation, readReLU, readSoftmax, writeActivation } from './activation.ts';
import { readConv2D, readZeroPadding2D, writeConv2D, writeZeroPadding2D } from './convolution.ts';
import { readDense, writeDense } from './dense.ts';
import { readAdd, readDropout, readRescaling, writeAdd, writeDropout, writeRescaling } from './elementwise.ts';
import { readFlatten, readInputLayer, writeFlatten, writeInputLayer } from './inputAndFlatten.ts';
import type { LayerReader, LayerWriter, WrittenLayer } from './layerCodec.ts';
import { readBatchNormalization, writeBatchNormalization } from './normalization.ts';
import {
  readAveragePooling2D, readGlobalAveragePooling2D, readGlobalMaxPooling2D, readMaxPooling2D,
  writeAveragePooling2D, writeGlobalAveragePooling2D, writeGlobalMaxPooling2D, writeMaxPooling2D,
} from './pooling.ts';

/** Keras class name → how to read it. */
export const layerReaders: ReadonlyMap<string, LayerReader> = new Map([
  ['InputLayer', readInputLayer],
  ['Rescaling', readRescaling],
  ['Conv2D', readConv2D],
  ['Dense', readDense],
  ['BatchNormalization', readBatchNormalization],
  ['Activation', readActivation],
  ['ReLU', readReLU],
  ['Softmax', readSoftmax],
  ['Add', readAdd],
  ['MaxPooling2D', readMaxPooling2D],
  ['AveragePooling2D', readAveragePooling2D],
  ['GlobalAveragePooling2D', readGlobalAveragePooling2D],
  ['GlobalMaxPooling2D', readGlobalMaxPooling2D],
  ['Flatten', readFlatten],
  ['ZeroPadding2D', readZeroPadding2D],
  ['Dropout', readDropout],
]);

const layerWriters: { readonly [O in Op]: LayerWriter<O> } = {
  input: writeInputLayer,
  rescaling: writeRescaling,
  conv2d: writeConv2D,
  dense: writeDense,
  batchNorm: writeBatchNormalization,
  activation: writeActivation,
  add: writeAdd,
  maxPool2d: writeMaxPooling2D,
  averagePool2d: writeAveragePooling2D,
  globalAveragePool2d: writeGlobalAveragePooling2D,
  globalMaxPool2d: writeGlobalMaxPooling2D,
  flatten: writeFlatten,
  zeroPad2d: writeZeroPadding2D,
  dropout: writeDropout,
};

/** Class name and config of the Keras layer that `node` becomes. */
export function writeLayer<O extends Op>(node: NodeOf<O>): WrittenLayer {
  return layerWriters[node.op](node);
}
