import type { Weight } from '../../../network/network.ts';
import type { OpCall, OpReaders } from '../opCall.ts';
import { weight, type Feature } from '../values.ts';
import { fusedActivation, fusedBias } from './fused.ts';

export const products: OpReaders = {
  MatMul: (call) => dense(call, 'transpose_a', 'transpose_b'),
  BatchMatMul: (call) => dense(call, 'adj_x', 'adj_y'),
  BatchMatMulV2: (call) => dense(call, 'adj_x', 'adj_y'),
  _FusedMatMul: (call) => fusedActivation(call, dense(call, 'transpose_a', 'transpose_b', fusedBias(call))),
};

/** A product with a constant matrix, along the last axis. */
function dense(call: OpCall, transposeX: string, transposeKernel: string, bias?: Weight): Feature {
  const x = call.feature2d(0);
  if (call.attributes.flag(transposeX, false)) throw call.refusal(`${transposeX} of a layer's value is not supported.`);
  const { shape } = call.constant(1);
  if (shape.length !== 2) throw call.refusal(`needs a constant matrix as its second input, found [${shape.join(', ')}].`);
  const values = call.numbers(1);
  const kernel = call.attributes.flag(transposeKernel, false) ? transposed(shape, values) : weight(shape, values);
  return call.emit('dense', [x], {}, { kernel, ...(bias && { bias }) });
}

function transposed([rows, columns]: readonly number[], values: ArrayLike<number>): Weight {
  const turned = new Float32Array(rows * columns);
  for (let r = 0; r < rows; r++) for (let c = 0; c < columns; c++) turned[c * rows + r] = values[r * columns + c];
  return { shape: [columns, rows], values: turned };
}
