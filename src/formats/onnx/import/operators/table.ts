import {
  plainActivation, readClip, readElu, readErf, readGelu, readHardSigmoid, readLeakyRelu, readPRelu, readSelu,
  readSoftmax, readTanh,
} from './activation.ts';
import { readAdd, readDiv, readMul, readNeg, readPow, readSqrt, readSub, readSum } from './arithmetic.ts';
import { readConcat, readGather, readPad, readSlice, readSplit } from './assembly.ts';
import {
  readCast, readDropout, readFlatten, readIdentity, readReshape, readShape, readSqueeze, readTranspose, readUnsqueeze,
} from './axes.ts';
import { readConv, readConvTranspose } from './convolution.ts';
import { readGemm, readMatMul } from './dense.ts';
import {
  readBatchNormalization, readGroupNormalization, readInstanceNormalization, readLayerNormalization,
} from './normalization.ts';
import type { OperatorReader } from './operatorReader.ts';
import { readAveragePool, readMaxPool } from './pooling.ts';
import { readGlobalAveragePool, readGlobalMaxPool, readReduceMax, readReduceMean } from './reduction.ts';
import { readResize, readUpsample } from './resize.ts';

/** Operator type → how to read it where it computes something from the picture. */
export const operatorReaders: ReadonlyMap<string, OperatorReader> = new Map([
  ['Add', readAdd],
  ['AveragePool', readAveragePool],
  ['BatchNormalization', readBatchNormalization],
  ['Cast', readCast],
  ['Clip', readClip],
  ['Concat', readConcat],
  ['Conv', readConv],
  ['ConvTranspose', readConvTranspose],
  ['Div', readDiv],
  ['Dropout', readDropout],
  ['Elu', readElu],
  ['Erf', readErf],
  ['Flatten', readFlatten],
  ['Gather', readGather],
  ['Gelu', readGelu],
  ['Gemm', readGemm],
  ['GlobalAveragePool', readGlobalAveragePool],
  ['GlobalMaxPool', readGlobalMaxPool],
  ['GroupNormalization', readGroupNormalization],
  ['HardSigmoid', readHardSigmoid],
  ['HardSwish', plainActivation('hardSwish')],
  ['Identity', readIdentity],
  ['InstanceNormalization', readInstanceNormalization],
  ['LayerNormalization', readLayerNormalization],
  ['LeakyRelu', readLeakyRelu],
  ['MatMul', readMatMul],
  ['MaxPool', readMaxPool],
  ['Mul', readMul],
  ['Neg', readNeg],
  ['PRelu', readPRelu],
  ['Pad', readPad],
  ['Pow', readPow],
  ['ReduceMax', readReduceMax],
  ['ReduceMean', readReduceMean],
  ['Relu', plainActivation('relu')],
  ['Reshape', readReshape],
  ['Resize', readResize],
  ['Selu', readSelu],
  ['Shape', readShape],
  ['Sigmoid', plainActivation('sigmoid')],
  ['Slice', readSlice],
  ['Softmax', readSoftmax],
  ['Softplus', plainActivation('softplus')],
  ['Split', readSplit],
  ['Sqrt', readSqrt],
  ['Squeeze', readSqueeze],
  ['Sub', readSub],
  ['Sum', readSum],
  ['Tanh', readTanh],
  ['Transpose', readTranspose],
  ['Unsqueeze', readUnsqueeze],
  ['Upsample', readUpsample],
]);
