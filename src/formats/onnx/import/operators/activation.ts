import type { ActivationName } from '../../../../network/network.ts';
import { logicalSizes, separated, storageOrder, withLastAxis } from '../../alignment.ts';
import { transposeValues } from '../../transposeValues.ts';
import type { OperatorCall } from '../operatorCall.ts';
import { featureOf, IDENTITY, isIdentity, type Feature, type Value } from '../value.ts';
import type { OperatorReader } from './operatorReader.ts';

interface Parameters {
  readonly alpha?: number;
  readonly beta?: number;
}

function elementwise(call: OperatorCall, x: Feature, name: ActivationName, parameters: Parameters = {}): readonly Value[] {
  call.emit('activation', [x.node], { function: name, ...parameters }, {});
  return [featureOf(call.id, x.layout)];
}

/** An activation without settings. */
export function plainActivation(name: ActivationName): OperatorReader {
  return (call) => elementwise(call, call.feature(0), name);
}

export const readLeakyRelu: OperatorReader = (call) =>
  elementwise(call, call.feature(0), 'leakyRelu', { alpha: call.float('alpha', 0.01) });

export const readElu: OperatorReader = (call) => elementwise(call, call.feature(0), 'elu', { alpha: call.float('alpha', 1) });

const SELU = { alpha: 1.67326319217681884765625, gamma: 1.05070102214813232421875 };

export const readSelu: OperatorReader = (call) => {
  for (const [name, value] of Object.entries(SELU)) {
    const found = call.float(name, value);
    if (Math.abs(found - value) > 1e-4) call.refuse(`its ${name} must be ${value}, found ${found}.`);
  }
  return elementwise(call, call.feature(0), 'selu');
};

export const readHardSigmoid: OperatorReader = (call) => {
  const [alpha, beta] = [call.float('alpha', 0.2), call.float('beta', 0.5)];
  const sixth = Math.fround(alpha) === Math.fround(1 / 6);
  return elementwise(call, call.feature(0), 'hardSigmoid', { alpha: sixth ? 1 / 6 : alpha, beta });
};

export const readGelu: OperatorReader = (call) =>
  elementwise(call, call.feature(0), call.requireString('approximate', 'none', 'none', 'tanh') === 'tanh' ? 'geluTanh' : 'gelu');

/** Clip from 0 on is a relu, from 0 to 6 (or a relu's to 6) a relu6; the bounds are attributes before opset 11, inputs since. */
export const readClip: OperatorReader = (call) => {
  const low = call.optionalScalar(1) ?? call.float('min', Number.NEGATIVE_INFINITY);
  const high = call.optionalScalar(2) ?? call.float('max', Number.POSITIVE_INFINITY);
  const unbounded = high >= 3.4e38;
  const x = call.unsettled(0);
  const before = call.builder.node(x.node);
  const isRelu = before.op === 'activation' && before.attributes.function === 'relu' && isIdentity(x.polynomial);
  if (isRelu && low <= 0 && high === 6) {
    return elementwise(call, { ...x, node: before.inputs[0] }, 'relu6');
  }
  if (low === 0 && unbounded) return elementwise(call, call.feature(0), 'relu');
  if (low === 0 && high === 6) return elementwise(call, call.feature(0), 'relu6');
  if (low <= -3.4e38 && unbounded) return elementwise(call, call.feature(0), 'linear');
  return call.refuse(`its bounds must be 0 and 6, or 0 and none, found ${low} and ${high}.`);
};

export const readPRelu: OperatorReader = (call) => {
  const x = separated(call.builder, call.feature(0));
  const sizes = logicalSizes(x);
  const slope = call.constant(1);
  const missing = sizes.length - slope.shape.length;
  const shape = missing >= 0 ? [...sizes.slice(0, missing).map(() => 1), ...slope.shape] : slope.shape.slice(-missing);
  const fits = shape.length === sizes.length && slope.values.length === shape.reduce((n, d) => n * d, 1) &&
    shape.every((size, axis) => size === 1 || size === sizes[axis]);
  if (!fits) call.refuse(`a slope of shape [${slope.shape.join(', ')}] does not fit a value of [batch, ${sizes.join(', ')}].`);
  const order = storageOrder(x.layout, call.builder.pictureOrder);
  call.emit('prelu', [x.node], {}, {
    alpha: { shape: order.map((axis) => shape[axis]), values: transposeValues(slope.values, shape, order) },
  });
  return [featureOf(call.id, x.layout)];
};

/** Softmax along one axis; before opset 13, along that axis and all after it, as one. */
export const readSoftmax: OperatorReader = (call) => {
  const given = call.feature(0);
  const sizes = logicalSizes(given);
  const axis = call.logicalAxis(call.int('axis', call.opset < 13 ? 1 : -1), sizes.length);
  const axes = call.opset < 13 ? sizes.map((_, k) => k).slice(axis) : [axis];
  return elementwise(call, withLastAxis(call.builder, given, axes), 'softmax');
};

/** `erf(x / √2)` may begin a GELU. */
export const readErf: OperatorReader = (call) => {
  const x = call.unsettled(0);
  const [offset, scale] = x.polynomial;
  if (x.polynomial.length !== 2 || offset !== 0 || Math.abs(scale - Math.SQRT1_2) > 1e-4) {
    call.refuse('an error function is only supported as part of a GELU, x · (1 + erf(x / √2)) / 2.');
  }
  return [{
    kind: 'form', form: 'gate', function: 'gelu', of: { ...x, polynomial: IDENTITY }, scale: 1, offset: 0,
    origin: { node: call.id, opType: call.opType, partOf: 'a GELU' },
  }];
};

/** A tanh, which of `√(2 / π) · (x + 0.044715 x³)` may begin a GELU. */
export const readTanh: OperatorReader = (call) => {
  const x = call.unsettled(0);
  const expected = [0, Math.sqrt(2 / Math.PI), 0, Math.sqrt(2 / Math.PI) * 0.044715];
  if (x.polynomial.length !== 4 || x.polynomial.some((factor, k) => Math.abs(factor - expected[k]) > 1e-4)) {
    return elementwise(call, call.feature(0), 'tanh');
  }
  return [{
    kind: 'form', form: 'gate', function: 'geluTanh', of: { ...x, polynomial: IDENTITY }, scale: 1, offset: 0,
    origin: { node: call.id, opType: call.opType, partOf: 'a GELU by tanh' },
  }];
};

