import type { OpCall, OpReader, OpReaders } from '../opCall.ts';
import type { Feature } from '../values.ts';
import { affine, channelConstant, mapped, type Affine, type PerChannel } from './affine.ts';

/** Elementwise arithmetic of two layers, or of a layer and a constant. */
export const arithmetic: OpReaders = {
  Add: addition,
  AddV2: addition,
  AddN: sum,
  Sub: binary('subtract', (by, first) => (first ? { scale: -1, offset: by } : { offset: mapped(by, (value) => -value) })),
  Mul: binary('multiply', (by) => ({ scale: by })),
  RealDiv: quotient,
  Div: quotient,
  Neg: (call) => affine(call, call.feature2d(0), { scale: -1 }),
  Square: (call) => {
    const x = call.feature2d(0);
    return call.emit('multiply', [x, x], {}, {});
  },
  BiasAdd: bias,
};

/** `withConstant` says what a constant does to the other input; `first`: the constant comes first. */
function binary(op: 'add' | 'subtract' | 'multiply', withConstant: (by: PerChannel, first: boolean) => Affine): OpReader {
  return (call) => {
    const [a, b] = [call.input(0), call.input(1)];
    if (a.kind === 'feature' && b.kind === 'feature') return together(call, op, [a, b]);
    const at = a.kind === 'constant' ? 0 : 1;
    const x = call.feature2d(1 - at);
    return affine(call, x, withConstant(channelConstant(call, at, x), at === 0));
  };
}

function addition(call: OpCall): ReturnType<OpReader> {
  return binary('add', (by) => ({ offset: by }))(call);
}

function sum(call: OpCall): ReturnType<OpReader> {
  if (call.inputs.length === 2) return addition(call);
  const features = call.inputs.map((_, at) => call.feature2d(at));
  return features.length === 1 ? features[0] : together(call, 'add', features);
}

function together(call: OpCall, op: 'add' | 'subtract' | 'multiply', features: readonly Feature[]): Feature {
  const [first] = features;
  for (const { shape, rows } of features) {
    const aligned = shape.length === first.shape.length && (!rows || shape.every((size, axis) => size === first.shape[axis]));
    if (!aligned || rows !== first.rows) {
      throw call.refusal(`joins [batch, ${first.shape.join(', ')}] and [batch, ${shape.join(', ')}]; their axes must correspond.`);
    }
  }
  return call.emit(op, features, {}, {});
}

function quotient(call: OpCall): Feature {
  if (call.input(1).kind === 'feature') {
    throw call.refusal("division by a layer's value would have to be supported; only division by a constant is.");
  }
  const x = call.feature2d(0);
  return affine(call, x, { scale: mapped(channelConstant(call, 1, x), (value) => 1 / value) });
}

function bias(call: OpCall): Feature {
  const x = call.feature2d(0);
  const values = call.numbers(1);
  if (values.length !== x.shape[x.shape.length - 1]) {
    throw call.refusal(`a bias of ${values.length} values does not fit [batch, ${x.shape.join(', ')}].`);
  }
  return affine(call, x, { offset: values });
}
