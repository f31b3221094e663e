import type { LayerReader } from '../layerSource.ts';
import { readActivation, readELU, readIdentity, readLeakyReLU, readPReLU, readReLU, readSoftmax } from './activation.ts';
import { readAdd, readDivide, readFunction, readMultiply, readSubtract, readTFOpLambda } from './arithmetic.ts';
import { readConv2D, readDepthwiseConv2D, readSeparableConv2D } from './convolution.ts';
import { readDense } from './dense.ts';
import { readAverage, readConcatenate } from './merge.ts';
import { readBatchNormalization, readGroupNormalization, readLayerNormalization, readNormalization } from './normalization.ts';
import { readCropping2D, readResizing, readUpSampling2D, readZeroPadding2D } from './picture.ts';
import { readAveragePooling2D, readGlobalAveragePooling2D, readGlobalMaxPooling2D, readMaxPooling2D } from './pooling.ts';
import { readRescaling } from './rescaling.ts';
import { readFlatten, readInputLayer, readPermute, readReshape } from './shape.ts';
import { readDropout, readTrainingOnly } from './training.ts';
import { readConv2DTranspose } from './transposedConvolution.ts';

/** Keras class name → how to read it. */
export const layerReaders: ReadonlyMap<string, LayerReader> = new Map([
  ['InputLayer', readInputLayer],
  ['Rescaling', readRescaling],
  ['Normalization', readNormalization],
  ['Resizing', readResizing],
  ['Conv2D', readConv2D],
  ['DepthwiseConv2D', readDepthwiseConv2D],
  ['SeparableConv2D', readSeparableConv2D],
  ['Conv2DTranspose', readConv2DTranspose],
  ['Dense', readDense],
  ['BatchNormalization', readBatchNormalization],
  ['BatchNormalizationV1', readBatchNormalization],
  ['SyncBatchNormalization', readBatchNormalization],
  ['LayerNormalization', readLayerNormalization],
  ['GroupNormalization', readGroupNormalization],
  ['Activation', readActivation],
  ['ReLU', readReLU],
  ['LeakyReLU', readLeakyReLU],
  ['PReLU', readPReLU],
  ['ELU', readELU],
  ['Softmax', readSoftmax],
  ['Add', readAdd],
  ['Subtract', readSubtract],
  ['Multiply', readMultiply],
  ['Average', readAverage],
  ['Concatenate', readConcatenate],
  ['MaxPooling2D', readMaxPooling2D],
  ['AveragePooling2D', readAveragePooling2D],
  ['GlobalAveragePooling2D', readGlobalAveragePooling2D],
  ['GlobalMaxPooling2D', readGlobalMaxPooling2D],
  ['Flatten', readFlatten],
  ['Reshape', readReshape],
  ['Permute', readPermute],
  ['ZeroPadding2D', readZeroPadding2D],
  ['Cropping2D', readCropping2D],
  ['UpSampling2D', readUpSampling2D],
  ['Identity', readIdentity],
  ['Dropout', readDropout],
  ['SpatialDropout2D', readDropout],
  ['GaussianDropout', readDropout],
  ['AlphaDropout', readDropout],
  ['GaussianNoise', readTrainingOnly],
  ['ActivityRegularization', readTrainingOnly],
  ['RandomFlip', readTrainingOnly],
  ['RandomRotation', readTrainingOnly],
  ['RandomTranslation', readTrainingOnly],
  ['RandomZoom', readTrainingOnly],
  ['RandomContrast', readTrainingOnly],
  ['RandomBrightness', readTrainingOnly],
  // what Keras makes of `x / y` and of functions called on a layer's value
  ['TFOpLambda', readTFOpLambda],
  ['Divide', readDivide],
  ['TrueDivide', readDivide],
  ['Relu', readFunction('relu')],
  ['Relu6', readFunction('relu6')],
  ['Sigmoid', readFunction('sigmoid')],
  ['Tanh', readFunction('tanh')],
  ['Silu', readFunction('silu')],
  ['Selu', readFunction('selu')],
  ['Softplus', readFunction('softplus')],
  ['HardSigmoid', readFunction('hard_sigmoid')],
  ['HardSilu', readFunction('hard_silu')],
]);

/** The classes that may be applied to numbers. */
export const ARITHMETIC: ReadonlySet<string> = new Set(['Add', 'Subtract', 'Multiply', 'TFOpLambda', 'Divide', 'TrueDivide']);
