import { alignedForBroadcast, withLastAxis } from '../../alignment.ts';
import { axisSizes } from '../../axisLayout.ts';
import type { Node } from '../../../../network/network.ts';
import type { Constant } from '../constant.ts';
import { sameBase, type Gate, type Moment } from '../form.ts';
import type { OperatorCall } from '../operatorCall.ts';
import { featureOf, type Feature, type Value } from '../value.ts';
import { affine, negative, reciprocal, trimmed } from './affine.ts';
import type { OperatorReader } from './operatorReader.ts';

/** Degree up to which powers of one value are gathered; the tanh form of GELU has a cube. */
const MOST_DEGREE = 3;

export const readAdd: OperatorReader = (call) => {
  const [a, b] = operands(call);
  const [value, constant] = withConstant(a, b);
  if (constant) return [plusConstant(call, value, constant)];
  const [x, y] = [call.unsettled(0), call.unsettled(1)];
  if (sameBase(x, y)) return [{ ...x, polynomial: sum(x.polynomial, y.polynomial, 1), sole: false, name: call.id }];
  return [joined(call, 'add', [x, y])];
};

/** Sum: any number of values. */
export const readSum: OperatorReader = (call) => {
  const features = Array.from({ length: call.inputCount }, (_, k) => call.feature(k));
  return [features.length === 1 ? features[0] : joined(call, 'add', features)];
};

export const readSub: OperatorReader = (call) => {
  const [a, b] = operands(call);
  if (b.kind === 'constant') return [plusConstant(call, a, negative(b))];
  if (a.kind === 'constant') return [affine(call, negated(call.unsettled(1)), 'add', a)];
  if (b.kind === 'form' && b.form === 'mean' && a.kind === 'feature' && sameBase(call.feature(0), b.of)) {
    return [{ ...b, form: 'centred' }];
  }
  const [x, y] = [call.unsettled(0), call.unsettled(1)];
  if (sameBase(x, y)) return [{ ...x, polynomial: sum(x.polynomial, y.polynomial, -1), sole: false, name: call.id }];
  return [joined(call, 'subtract', [x, y])];
};

export const readMul: OperatorReader = (call) => {
  const [a, b] = operands(call);
  const [value, constant] = withConstant(a, b);
  if (constant) return [timesConstant(call, value, constant)];
  const squares = squaresOf(a, b);
  if (squares) return [squares];
  const gate = a.kind === 'form' ? a : b;
  const gated = a.kind === 'form' ? b : a;
  if (gate.kind === 'form') {
    if (gate.form !== 'gate' || gated.kind !== 'feature') return call.refuseForm(gate.origin);
    return [gelu(call, gate, gated)];
  }
  const [x, y] = [call.unsettled(0), call.unsettled(1)];
  if (sameBase(x, y) && x.polynomial.length + y.polynomial.length - 2 <= MOST_DEGREE) {
    return [{ ...x, polynomial: product(x.polynomial, y.polynomial), sole: false, name: call.id }];
  }
  const settled = [call.feature(0), call.feature(1)] as const;
  return [selfGated(call, settled[0], settled[1]) ?? selfGated(call, settled[1], settled[0]) ?? joined(call, 'multiply', settled)];
};

export const readDiv: OperatorReader = (call) => {
  const [a, b] = operands(call);
  if (b.kind === 'constant') return [timesConstant(call, a, reciprocal(b))];
  if (isMoment(a, 'centred') && isMoment(b, 'deviation') && sameBase(a.of, b.of) && sameNumbers(a.axes, b.axes)) {
    const x = withLastAxis(call.builder, a.of, a.axes);
    call.emit('layerNorm', [x.node], { epsilon: b.epsilon }, {});
    return [featureOf(call.id, x.layout)];
  }
  if (b.kind === 'form') call.refuseForm(b.origin);
  return call.refuse('it divides by a value computed from the picture; only division by a constant is supported.');
};

export const readNeg: OperatorReader = (call) => [{ ...negated(call.unsettled(0)), name: call.id }];

/** Powers 2 and 3 of a value. */
export const readPow: OperatorReader = (call) => {
  const base = call.value(0);
  const exponent = call.optionalScalar(1) ?? call.refuse('its exponent is missing.');
  if (base && isMoment(base, 'centred') && exponent === 2) return [{ ...base, form: 'squares' }];
  const x = call.unsettled(0);
  const degree = (x.polynomial.length - 1) * exponent;
  if ((exponent !== 2 && exponent !== 3) || degree > MOST_DEGREE) call.refuse(`its exponent must be 2 or 3, found ${exponent}.`);
  const square = product(x.polynomial, x.polynomial);
  return [{ ...x, polynomial: exponent === 2 ? square : product(square, x.polynomial), sole: false, name: call.id }];
};

export const readSqrt: OperatorReader = (call) => {
  const value = call.value(0);
  if (value && isMoment(value, 'variance')) return [{ ...value, form: 'deviation' }];
  if (value?.kind === 'form') return call.refuseForm(value.origin);
  return call.refuse('a square root is only supported as part of a layer normalisation.');
};

/** Both inputs, which must be there. */
function operands(call: OperatorCall): readonly [Value, Value] {
  const [a, b] = [call.value(0), call.value(1)];
  return a && b ? [a, b] : call.refuse('it needs two inputs.');
}

function withConstant(a: Value, b: Value): readonly [Value, Constant | undefined] {
  if (b.kind === 'constant') return [a, b];
  return a.kind === 'constant' ? [b, a] : [a, undefined];
}

function plusConstant(call: OperatorCall, value: Value, constant: Constant): Value {
  if (value.kind === 'feature') return affine(call, value, 'add', constant);
  if (value.kind === 'form' && constant.values.length === 1) {
    const [c] = constant.values;
    if (value.form === 'gate') return { ...value, offset: value.offset + c };
    if (value.form === 'variance' && c >= 0) return { ...value, epsilon: value.epsilon + c };
  }
  return value.kind === 'form' ? call.refuseForm(value.origin) : call.refuse('it has no computed input.');
}

function timesConstant(call: OperatorCall, value: Value, constant: Constant): Value {
  if (value.kind === 'feature') return affine(call, value, 'multiply', constant);
  if (value.kind === 'form' && value.form === 'gate' && constant.values.length === 1) {
    const [c] = constant.values;
    return { ...value, scale: value.scale * c, offset: value.offset * c };
  }
  return value.kind === 'form' ? call.refuseForm(value.origin) : call.refuse('it has no computed input.');
}

function negated(x: Feature): Feature {
  return { ...x, polynomial: x.polynomial.map((factor) => -factor) };
}

function joined(call: OperatorCall, op: 'add' | 'subtract' | 'multiply', features: readonly Feature[]): Feature {
  const sameRank = features.every(({ layout }) => layout.logical.length === features[0].layout.logical.length);
  const aligned = sameRank && alignedForBroadcast(call.builder, features.map((feature) => call.builder.settled(feature)));
  if (!aligned) {
    const shapes = features.map(({ layout }) => `[batch, ${axisSizes(layout.logical).join(', ')}]`);
    return call.refuse(`values of ${shapes.join(' and ')} do not fit together.`);
  }
  call.emit(op, aligned.values.map(({ node }) => node), {}, {});
  return featureOf(call.id, aligned.layout);
}

/** `x · (scale · g(x) + offset)` is a GELU of x where scale and offset are the same. */
function gelu(call: OperatorCall, gate: Gate, x: Feature): Feature {
  const [offset, factor] = x.polynomial;
  const halves = Math.abs(gate.scale - gate.offset) <= 1e-6 * Math.abs(gate.scale);
  if (!sameBase(gate.of, x) || !halves || offset !== 0 || x.polynomial.length > 2) return call.refuseForm(gate.origin);
  call.emit('activation', [x.node], { function: gate.function }, {});
  return { ...featureOf(call.id, x.layout), polynomial: [0, 2 * gate.scale * factor] };
}

/** `x · sigmoid(x)` and `x · hardSigmoid(x)`, the latter also as `relu6(x + 3) / 6`. */
function selfGated(call: OperatorCall, gate: Feature, x: Feature): Feature | undefined {
  const name = gateFunction(call, call.builder.node(gate.node), x.node);
  if (!name || !sameBase({ ...gate, node: x.node }, x)) return undefined;
  call.emit('activation', [x.node], { function: name }, {});
  return featureOf(call.id, x.layout);
}

function gateFunction(call: OperatorCall, node: Node, x: string): 'silu' | 'hardSwish' | undefined {
  if (node.op === 'rescaling' && isNear(node.attributes.scale, 1 / 6) && node.attributes.offset === 0) {
    const clip = call.builder.node(node.inputs[0]);
    if (clip.op !== 'activation' || clip.attributes.function !== 'relu6') return undefined;
    const shifted = call.builder.node(clip.inputs[0]);
    const shifts = shifted.op === 'rescaling' && shifted.attributes.scale === 1 && shifted.attributes.offset === 3;
    return shifts && shifted.inputs[0] === x ? 'hardSwish' : undefined;
  }
  if (node.op !== 'activation' || node.inputs[0] !== x) return undefined;
  const { function: name, alpha = 1 / 6, beta = 1 / 2 } = node.attributes;
  if (name === 'sigmoid') return 'silu';
  return name === 'hardSigmoid' && isNear(alpha, 1 / 6) && isNear(beta, 1 / 2) ? 'hardSwish' : undefined;
}

/** Equal as far as float32 tells. */
export function isNear(a: number, b: number): boolean {
  return Math.abs(a - b) <= 1e-6 * Math.abs(b);
}

function squaresOf(a: Value, b: Value): Moment | undefined {
  if (!isMoment(a, 'centred') || !isMoment(b, 'centred')) return undefined;
  return sameBase(a.of, b.of) && sameNumbers(a.axes, b.axes) ? { ...a, form: 'squares' } : undefined;
}

function isMoment(value: Value, form: Moment['form']): value is Moment {
  return value.kind === 'form' && value.form === form;
}

function sameNumbers(a: readonly number[], b: readonly number[]): boolean {
  return a.join() === b.join();
}

function sum(a: readonly number[], b: readonly number[], sign: 1 | -1): readonly number[] {
  const degree = Math.max(a.length, b.length);
  return trimmed(Array.from({ length: degree }, (_, k) => (a[k] ?? 0) + sign * (b[k] ?? 0)));
}

function product(a: readonly number[], b: readonly number[]): readonly number[] {
  const result = Array.from({ length: a.length + b.length - 1 }, () => 0);
  for (const [i, x] of a.entries()) for (const [k, y] of b.entries()) result[i + k] += x * y;
  return trimmed(result);
}
