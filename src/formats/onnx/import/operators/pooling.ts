import type { Border, Pair } from '../../../../network/network.ts';
import { separated } from '../../alignment.ts';
import { axisSizes, type Axis } from '../../axisLayout.ts';
import { windowExtent } from '../../border.ts';
import type { OperatorCall } from '../operatorCall.ts';
import { featureOf, pictureLayout, type Feature, type Value } from '../value.ts';
import type { OperatorReader } from './operatorReader.ts';
import { pairAttribute } from './weights.ts';
import { paddingOf, readWindow, type SlidingWindow } from './window.ts';

export const readMaxPool: OperatorReader = (call) => {
  call.int('storage_order');
  const { x, window, input } = readPool(call);
  const padding = paddingOf(withEndPadding(call, window, input), input);
  const shape = call.emit('maxPool2d', [x.node], { poolSize: window.size, strides: window.strides, padding }, {});
  return [featureOf(call.id, pictureLayout(shape))];
};

/**
 * Where the border counts, it is written as zeros before the pool; what rounding up adds to it
 * never counts, as in PyTorch and onnxruntime.
 */
export const readAveragePool: OperatorReader = (call) => {
  const counts = call.requireInt('count_include_pad', 0, 0, 1) === 1;
  const { x, window, input } = readPool(call);
  const { border, size, strides } = window;
  const zeros = counts && border.flat().some((rows) => rows > 0);
  let from = x.node;
  let rounded = withEndPadding(call, window, input);
  let padded = input;
  if (zeros) {
    from = call.auxiliaryId('pad');
    const [height, width] = call.emit('zeroPad2d', [x.node], { padding: border }, {}, from);
    padded = [height, width];
    const rest = (axis: 0 | 1): Pair => [0, rounded.border[axis][1] - border[axis][1]];
    rounded = { ...rounded, border: [rest(0), rest(1)] };
  }
  const shape = call.emit('averagePool2d', [from], { poolSize: size, strides, padding: paddingOf(rounded, padded) }, {});
  return [featureOf(call.id, pictureLayout(shape))];
};

function readPool(call: OperatorCall): { readonly x: Feature; readonly window: SlidingWindow; readonly input: Pair } {
  const x = call.picture(call.feature(0));
  const [height, width] = axisSizes(x.layout.physical);
  const size = pairAttribute(call, 'kernel_shape', [0, 0]);
  if (size.some((rows) => !Number.isInteger(rows) || rows < 1)) call.refuse(`its kernel_shape must be from 1 up, found [${size.join(', ')}].`);
  const window = readWindow(call, size, [height, width]);
  if (window.dilations.some((rate) => rate !== 1)) call.refuse(`its dilations must be 1, found [${window.dilations.join(', ')}].`);
  return { x, window, input: [height, width] };
}

/**
 * With `ceil_mode`, a last window that hangs over the end counts too, if it begins inside the
 * picture or its first border: the border after the picture grows as far as that window.
 */
function withEndPadding(call: OperatorCall, window: SlidingWindow, input: Pair): SlidingWindow {
  if (call.requireInt('ceil_mode', 0, 0, 1) === 0) return window;
  const extent = windowExtent(window);
  const along = (axis: 0 | 1): Pair => {
    const [before, after] = window.border[axis];
    const stride = window.strides[axis];
    let count = Math.ceil((input[axis] + before + after - extent[axis]) / stride) + 1;
    if ((count - 1) * stride >= input[axis] + before) count -= 1;
    return [before, Math.max(after, (count - 1) * stride + extent[axis] - input[axis] - before)];
  };
  const border: Border = [along(0), along(1)];
  return { ...window, border };
}

export const readGlobalAveragePool: OperatorReader = (call) => readGlobalPool(call, 'globalAveragePool2d');
export const readGlobalMaxPool: OperatorReader = (call) => readGlobalPool(call, 'globalMaxPool2d');

function readGlobalPool(call: OperatorCall, op: 'globalAveragePool2d' | 'globalMaxPool2d'): readonly Value[] {
  const x = call.picture(call.feature(0));
  const [channels] = x.layout.logical;
  return [globalPool(call, op, x, [channels, [], []])];
}

const VECTOR_READERS = new Set(['Flatten', 'Reshape', 'Squeeze', 'Gemm', 'MatMul']);

/** Pools all but the last stored axis of a value of three; `logical` are the axes of the result. */
function globalPool(
  call: OperatorCall,
  op: 'globalAveragePool2d' | 'globalMaxPool2d',
  x: Feature,
  logical: readonly Axis[],
): Feature {
  const kept = x.layout.physical[2];
  const readers = call.readers();
  const keepDims = logical.length === 3 && !(readers.length > 0 && readers.every(({ opType }) => VECTOR_READERS.has(opType)));
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
