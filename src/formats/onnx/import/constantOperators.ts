import { broadcastSizes } from '../alignment.ts';
import { transposeValues } from '../transposeValues.ts';
import { integers, isFloatType, readTensor, type Constant } from './constant.ts';
import type { OperatorCall } from './operatorCall.ts';
import { axesOf } from './operators/axes.ts';

/** What an operator makes of constants alone. Throws `UnsupportedOnnxOperatorError`. */
export type ConstantOperator = (call: OperatorCall) => Constant;

/** Values that one operator may make of constants: shapes and small weights, no expansions. */
const MOST_VALUES = 2 ** 22;

function made(call: OperatorCall, like: Constant, shape: readonly number[], valueAt: (k: number) => number): Constant {
  const count = shape.reduce((product, size) => product * size, 1);
  if (!Number.isSafeInteger(count) || count > MOST_VALUES) call.refuse(`it would make a constant of [${shape.join(', ')}], which is too large.`);
  const values = like.integer ? new Float64Array(count) : new Float32Array(count);
  for (let k = 0; k < count; k++) values[k] = valueAt(k);
  return { kind: 'constant', shape, values, integer: like.integer };
}

function mapped(compute: (x: number) => number): ConstantOperator {
  return (call) => {
    const constant = call.constant(0);
    return { ...constant, values: constant.values.map(compute) };
  };
}

/** With both shapes broadcast; whole numbers are divided as in C, towards 0. */
function binary(compute: (a: number, b: number) => number): ConstantOperator {
  return (call) => {
    const [a, b] = [call.constant(0), call.constant(1)];
    const shape = broadcastSizes([a.shape, b.shape]) ?? call.refuse(`constants of [${a.shape.join(', ')}] and [${b.shape.join(', ')}] do not fit together.`);
    const place = (constant: Constant, k: number): number => {
      let [at, rest, stride] = [0, k, 1];
      for (let axis = shape.length - 1; axis >= 0; axis--) {
        const size = constant.shape[axis - shape.length + constant.shape.length] ?? 1;
        if (size > 1) at += (rest % shape[axis]) * stride;
        stride *= size;
        rest = Math.floor(rest / shape[axis]);
      }
      return at;
    };
    const whole = a.integer && b.integer;
    return made(call, a, shape, (k) => {
      const result = compute(a.values[place(a, k)], b.values[place(b, k)]);
      return whole ? Math.trunc(result) : result;
    });
  };
}

/** An axis of a constant: no batch to leave out here. */
function axisIn(call: OperatorCall, axis: number, rank: number): number {
  const counted = axis < 0 ? axis + rank : axis;
  if (!Number.isInteger(counted) || counted < 0 || counted >= rank) call.refuse(`its axis ${axis} does not exist in a constant of ${rank} axes.`);
  return counted;
}

function oneAxis(call: OperatorCall, constant: Constant): Constant {
  return constant.shape.length === 1 ? constant : call.refuse(`a constant of ${constant.shape.length} axes; only lists are supported here.`);
}

const constantOf: ConstantOperator = (call) => {
  const tensor = call.tensor('value');
  if (tensor) return readTensor(tensor);
  const number = call.int('value_int');
  if (number !== undefined) return { ...integers([number]), shape: [] };
  const list = call.ints('value_ints');
  if (list) return integers(list);
  const floats = call.floats('value_floats');
  const float = floats ? Number.NaN : call.float('value_float', Number.NaN);
  const values = Float32Array.from(floats ?? [float]);
  if (!floats && Number.isNaN(float)) call.refuse('it has no value of a type that is read.');
  return { kind: 'constant', shape: floats ? [floats.length] : [], values, integer: false };
};

const cast: ConstantOperator = (call) => {
  const constant = call.constant(0);
  const to = call.int('to', 0);
  call.int('saturate');
  if (isFloatType(to)) return { ...constant, values: Float32Array.from(constant.values), integer: false };
  if (to === 9) return { ...constant, values: Float64Array.from(constant.values, (x) => (x === 0 ? 0 : 1)), integer: true };
  return { ...constant, values: Float64Array.from(constant.values, Math.trunc), integer: true };
};

const constantOfShape: ConstantOperator = (call) => {
  const shape = call.optionalIntegers(0) ?? call.refuse('its shape is missing.');
  if (shape.some((size) => !(size >= 0))) call.refuse(`the shape [${shape.join(', ')}] is impossible.`);
  const tensor = call.tensor('value');
  const value: Constant = tensor ? readTensor(tensor) : { kind: 'constant', shape: [1], values: new Float32Array(1), integer: false };
  if (value.values.length !== 1) call.refuse('its value must be one number.');
  return made(call, value, shape, () => value.values[0]);
};

const gather: ConstantOperator = (call) => {
  const [data, indices] = [oneAxis(call, call.constant(0)), call.constant(1)];
  axisIn(call, call.int('axis', 0), 1);
  return made(call, data, indices.shape, (k) => {
    const index = indices.values[k];
    return data.values[axisIn(call, index, data.values.length)];
  });
};

const concat: ConstantOperator = (call) => {
  const parts = Array.from({ length: call.inputCount }, (_, k) => oneAxis(call, call.constant(k)));
  axisIn(call, call.int('axis', 0), 1);
  const joined = made(call, parts[0], [parts.reduce((sum, part) => sum + part.values.length, 0)], () => 0);
  let at = 0;
  for (const { values } of parts) {
    joined.values.set(values, at);
    at += values.length;
  }
  return joined;
};

const slice: ConstantOperator = (call) => {
  const data = call.constant(0);
  const starts = call.ints('starts') ?? call.optionalIntegers(1) ?? call.refuse('its starts are missing.');
  const ends = call.ints('ends') ?? call.optionalIntegers(2) ?? call.refuse('its ends are missing.');
  const axes = call.ints('axes') ?? call.optionalIntegers(3) ?? starts.map((_, k) => k);
  const steps = call.optionalIntegers(4) ?? starts.map(() => 1);
  if ([ends, axes, steps].some((list) => list.length !== starts.length)) call.refuse('its starts, ends, axes and steps must be equally many.');
  const runs = data.shape.map((size) => ({ start: 0, step: 1, count: size }));
  for (const [k, stated] of axes.entries()) {
    const axis = axisIn(call, stated, data.shape.length);
    const size = data.shape[axis];
    const step = steps[k];
    if (!Number.isInteger(step) || step === 0) call.refuse(`its steps must be whole and not 0, found ${step}.`);
    const bound = (at: number): number =>
      Math.min(step > 0 ? size : size - 1, Math.max(step > 0 ? 0 : -1, at < 0 ? at + size : at));
    const start = bound(starts[k]);
    runs[axis] = { start, step, count: Math.max(0, Math.ceil((bound(ends[k]) - start) / step)) };
  }
  const shape = runs.map(({ count }) => count);
  const place = (k: number): number => {
    let [at, rest, stride] = [0, k, 1];
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      at += (runs[axis].start + (rest % shape[axis]) * runs[axis].step) * stride;
      rest = Math.floor(rest / shape[axis]);
      stride *= data.shape[axis];
    }
    return at;
  };
  return made(call, data, shape, (k) => data.values[place(k)]);
};

const reshape: ConstantOperator = (call) => {
  const data = call.constant(0);
  const asked = call.optionalIntegers(1) ?? [];
  call.requireInt('allowzero', 0, 0);
  const copied = asked.map((size, k) => (size === 0 ? (data.shape[k] ?? 0) : size));
  const known = copied.reduce((product, size) => product * (size === -1 ? 1 : size), 1);
  const shape = copied.map((size) => (size === -1 ? data.values.length / known : size));
  if (shape.some((size) => !Number.isInteger(size) || size < 0) || shape.reduce((n, size) => n * size, 1) !== data.values.length) {
    call.refuse(`a constant of [${data.shape.join(', ')}] cannot become [${asked.join(', ')}].`);
  }
  return { ...data, shape };
};

const transpose: ConstantOperator = (call) => {
  const data = call.constant(0);
  const order = call.ints('perm') ?? data.shape.map((_, k) => data.shape.length - 1 - k);
  if (order.length !== data.shape.length || order.toSorted((a, b) => a - b).some((axis, k) => axis !== k)) {
    call.refuse(`[${order.join(', ')}] is not an order of ${data.shape.length} axes.`);
  }
  const values = transposeValues(data.values, data.shape, order);
  return { ...data, shape: order.map((axis) => data.shape[axis]), values: data.integer ? Float64Array.from(values) : values };
};

const squeeze: ConstantOperator = (call) => {
  const data = call.constant(0);
  const axes = axesOf(call)?.map((axis) => axisIn(call, axis, data.shape.length));
  if (axes?.some((axis) => data.shape[axis] !== 1)) call.refuse(`axes [${axes.join(', ')}] of [${data.shape.join(', ')}] are not all of size 1.`);
  return { ...data, shape: data.shape.filter((size, axis) => (axes ? !axes.includes(axis) : size !== 1)) };
};

const unsqueeze: ConstantOperator = (call) => {
  const data = call.constant(0);
  const axes = axesOf(call) ?? call.refuse('its axes are missing.');
  const rank = data.shape.length + axes.length;
  const added = new Set(axes.map((axis) => axisIn(call, axis, rank)));
  const rest = data.shape.values();
  return { ...data, shape: Array.from({ length: rank }, (_, k) => (added.has(k) ? 1 : (rest.next().value ?? 1))) };
};

/** Operator type → how to compute it where all of its inputs are known. */
export const constantOperators: ReadonlyMap<string, ConstantOperator> = new Map([
  ['Add', binary((a, b) => a + b)],
  ['Cast', cast],
  ['Ceil', mapped(Math.ceil)],
  ['Concat', concat],
  ['Constant', constantOf],
  ['ConstantOfShape', constantOfShape],
  ['Div', binary((a, b) => a / b)],
  ['Floor', mapped(Math.floor)],
  ['Gather', gather],
  ['Identity', (call) => call.constant(0)],
  ['Mul', binary((a, b) => a * b)],
  ['Neg', mapped((x) => -x)],
  ['Reshape', reshape],
  ['Shape', (call) => integers(call.constant(0).shape.slice(call.int('start', 0), call.int('end')))],
  ['Slice', slice],
  ['Sqrt', mapped(Math.sqrt)],
  ['Squeeze', squeeze],
  ['Sub', binary((a, b) => a - b)],
  ['Transpose', transpose],
  ['Unsqueeze', unsqueeze],
]);
