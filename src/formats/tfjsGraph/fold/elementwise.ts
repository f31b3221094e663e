import type { Shape } from '../../../network/network.ts';
import type { OpCall, OpReaders } from '../opCall.ts';
import { constant, count, numbersOf, type Constant, type Size } from '../values.ts';

/** Arithmetic of constants among themselves, in float64. */
export const constantArithmetic: OpReaders = {
  Add: binary((a, b) => a + b),
  AddV2: binary((a, b) => a + b),
  Sub: binary((a, b) => a - b),
  Mul: binary((a, b) => a * b, scaledBatches),
  RealDiv: binary((a, b) => a / b),
  Div: binary((a, b) => a / b),
  FloorDiv: binary((a, b) => Math.floor(a / b)),
  Maximum: binary(Math.max),
  Minimum: binary(Math.min),
  Pow: binary((a, b) => a ** b),
  Neg: unary((a) => -a),
  Sqrt: unary(Math.sqrt),
  Rsqrt: unary((a) => 1 / Math.sqrt(a)),
  Square: unary((a) => a * a),
  Reciprocal: unary((a) => 1 / a),
  Exp: unary(Math.exp),
  Prod: product,
};

function unary(compute: (a: number) => number) {
  return (call: OpCall): Constant => {
    const values = call.numbers(0);
    call.builder.fold(values.length);
    return constant(call.constant(0).shape, Float64Array.from(values, compute));
  };
}

/** `withBatches` says what two sizes make of which one depends on the batch; absent where that has no meaning. */
function binary(compute: (a: number, b: number) => number, withBatches?: (a: Size, b: Size) => Size | undefined) {
  return (call: OpCall): Constant => {
    const [a, b] = [call.constant(0), call.constant(1)];
    const shape = broadcast(call, a.shape, b.shape);
    call.builder.fold(count(shape));
    const [indexA, indexB] = [broadcastIndex(a.shape, shape), broadcastIndex(b.shape, shape)];
    const [numbersA, numbersB] = [numbersOf(a), numbersOf(b)];
    if (numbersA && numbersB) {
      return constant(shape, Float64Array.from({ length: count(shape) }, (_, k) => compute(numbersA[indexA(k)], numbersB[indexB(k)])));
    }
    const sizes = Array.from({ length: count(shape) }, (_, k): Size => {
      const [x, y] = [a.values[indexA(k)], b.values[indexB(k)]];
      const size = typeof x === 'number' && typeof y === 'number' ? compute(x, y) : withBatches?.(x, y);
      if (size === undefined) throw call.refusal('computes with the number of pictures in a way that is not supported.');
      return size;
    });
    return constant(shape, sizes);
  };
}

function scaledBatches(a: Size, b: Size): Size | undefined {
  if (typeof a === 'number') return typeof b === 'number' ? a * b : { batches: a * b.batches };
  return typeof b === 'number' ? { batches: a.batches * b } : undefined;
}

/** The product of all values: how many a shape holds. */
function product(call: OpCall): Constant {
  const { shape, values } = call.constant(0);
  if (shape.length > 1) throw call.refusal('multiplies along an axis of a matrix; only of a vector is supported.');
  const axes = call.integers(1);
  if (axes.length !== shape.length || axes.some((axis) => axis !== 0 && axis !== -1)) throw call.refusal(`multiplies along axes [${axes.slice(0, 8).join(', ')}] of a vector.`);
  const total = Array.from<Size>(values).reduce<Size | undefined>((sofar, size) => sofar && scaledBatches(sofar, size), 1);
  if (total === undefined) throw call.refusal('computes with the number of pictures in a way that is not supported.');
  return constant(call.attributes.flag('keep_dims', false) ? [1] : [], [total]);
}

function broadcast(call: OpCall, a: Shape, b: Shape): Shape {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, axis) => {
    const [x, y] = [a, b].map((shape) => shape[axis - rank + shape.length] ?? 1);
    if (x !== y && x !== 1 && y !== 1) {
      throw call.refusal(`constants of [${a.join(', ')}] and [${b.join(', ')}] do not fit together.`);
    }
    return x === 1 ? y : x;
  });
}

/** Index into a result of `shape` → index into a value of shape `own` that is repeated to it. */
function broadcastIndex(own: Shape, shape: Shape): (index: number) => number {
  if (count(own) === 1) return () => 0;
  if (count(own) === count(shape)) return (index) => index;
  return (index) => {
    let from = 0;
    let stride = 1;
    let rest = index;
    for (let back = 1; back <= shape.length; back++) {
      const size = shape[shape.length - back];
      const ownSize = back <= own.length ? own[own.length - back] : 1;
      if (ownSize > 1) from += (rest % size) * stride;
      stride *= ownSize;
      rest = Math.floor(rest / size);
    }
    return from;
  };
}
