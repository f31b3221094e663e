import type { Pair } from '../../../../network/network.ts';
import { separated } from '../../alignment.ts';
import { axisSizes, type Axis } from '../../axisLayout.ts';
import type { OperatorCall } from '../operatorCall.ts';
import { featureOf, type Feature, type Value } from '../value.ts';
import type { OperatorReader } from './operatorReader.ts';

export const readGlobalAveragePool: OperatorReader = (call) => readGlobalPool(call, 'globalAveragePool2d');
export const readGlobalMaxPool: OperatorReader = (call) => readGlobalPool(call, 'globalMaxPool2d');

function readGlobalPool(call: OperatorCall, op: 'globalAveragePool2d' | 'globalMaxPool2d'): readonly Value[] {
  const x = call.picture(call.feature(0));
  const [channels] = x.layout.logical;
  return [globalPool(call, op, x, [channels, [], []])];
}

const VECTOR_READERS = new Set(['Flatten', 'Reshape', 'Squeeze', 'Gemm', 'MatMul']);
const PASSING_ON = new Set(['Dropout', 'Identity', 'Cast', 'Relu', 'Clip', 'HardSwish']);

/** Whether all that reads a tensor, a few operators further on, takes it for a vector. */
function feedsVectors(call: OperatorCall, tensor: string, further = 3): boolean {
  const readers = call.readersOf(tensor);
  return readers.length > 0 && readers.every(({ opType, output }) =>
    VECTOR_READERS.has(opType) || (PASSING_ON.has(opType) && further > 0 && feedsVectors(call, output[0], further - 1)),
  );
}

/** Pools all but the last stored axis of a value of three; `logical` are the axes of the result. */
function globalPool(
  call: OperatorCall,
  op: 'globalAveragePool2d' | 'globalMaxPool2d',
  x: Feature,
  logical: readonly Axis[],
): Feature {
  const kept = x.layout.physical[2];
  const keepDims = logical.length === 3 && !feedsVectors(call, call.outputs[0]);
  call.emit(op, [x.node], { keepDims }, {});
  return featureOf(call.id, { logical, physical: keepDims ? [[], [], kept] : [kept] });
}

export const readReduceMax: OperatorReader = (call) => {
  const { x, axes, keeps } = readReduction(call, call.feature(0));
  return [pooled(call, 'globalMaxPool2d', x, axes, keeps) ?? refuseAxes(call)];
};

/** A mean over pixels is a pool; one over channels may begin a layer normalisation. */
export const readReduceMean: OperatorReader = (call) => {
  const value = call.value(0);
  if (value?.kind === 'form') {
    const { axes, keeps } = readReduction(call, value.of);
    if (value.form !== 'squares' || !keeps || axes.join() !== value.axes.join()) return call.refuseForm(value.origin);
    return [{ ...value, form: 'variance' }];
  }
  const { x, axes, keeps } = readReduction(call, call.feature(0));
  const pool = pooled(call, 'globalAveragePool2d', x, axes, keeps);
  if (pool) return [pool];
  if (!keeps) return refuseAxes(call);
  return [{
    kind: 'form', form: 'mean', of: x, axes, epsilon: 0,
    origin: { node: call.id, opType: call.opType, partOf: 'a mean over rows and columns, or of a layer normalisation' },
  }];
};

function refuseAxes(call: OperatorCall): never {
  return call.refuse('it may only reduce rows and columns.');
}

function readReduction(call: OperatorCall, x: Feature): { readonly x: Feature; readonly axes: readonly number[]; readonly keeps: boolean } {
  const rank = x.layout.logical.length;
  const stated = call.ints('axes') ?? call.optionalIntegers(1) ?? [];
  const keeps = call.requireInt('keepdims', 1, 0, 1) === 1;
  call.requireInt('noop_with_empty_axes', 0, 0);
  if (stated.length === 0) call.refuse('it reduces every axis, also the batch, which must stay whole.');
  const axes = [...new Set(stated.map((axis) => call.logicalAxis(axis, rank)))].sort((a, b) => a - b);
  return { x, axes, keeps };
}

/**
 * The pool that reduces these logical axes, which must lie along the first stored axes of the
 * value; undefined where they do not.
 */
function pooled(
  call: OperatorCall,
  op: 'globalAveragePool2d' | 'globalMaxPool2d',
  given: Feature,
  axes: readonly number[],
  keeps: boolean,
): Feature | undefined {
  const reduced = new Set(axes.flatMap((axis) => given.layout.logical[axis]));
  const mixes = (axis: Axis): boolean => axis.some((atom) => reduced.has(atom)) && axis.some((atom) => !reduced.has(atom));
  const x = given.layout.physical.some(mixes) ? separated(call.builder, given) : given;
  const { logical, physical } = x.layout;
  const reducedSet = new Set(axes.flatMap((axis) => logical[axis]));
  const isReduced = (axis: Axis): boolean => axis.length > 0 && axis.every((atom) => reducedSet.has(atom));
  const last = physical[physical.length - 1];
  if (isReduced(last)) return undefined;
  const result = logical.flatMap((axis, k): Axis[] => (axes.includes(k) ? (keeps ? [[]] : []) : [axis]));
  const rest = physical.slice(0, -1);
  if (rest.every((axis) => axis.length === 0 || isReduced(axis))) {
    const stored = physical.length === 3 ? x : call.builder.arranged(x, [rest.flat(), [], last]);
    return globalPool(call, op, stored, result);
  }
  if (physical.length !== 3) return undefined;
  const sizes = axisSizes(physical);
  const poolSize: Pair = [isReduced(physical[0]) ? sizes[0] : 1, isReduced(physical[1]) ? sizes[1] : 1];
  const window = op === 'globalMaxPool2d' ? 'maxPool2d' : 'averagePool2d';
  call.emit(window, [x.node], { poolSize, strides: poolSize, padding: 'valid' }, {});
  return featureOf(call.id, { logical: result, physical: physical.map((axis) => (isReduced(axis) ? [] : axis)) });
}
