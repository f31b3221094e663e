import type { ActivationName } from '../../../network/network.ts';
import type { OpCall, OpReader, OpReaders } from '../opCall.ts';
import { weight, type Feature } from '../values.ts';

const plain = (name: ActivationName): OpReader => (call) =>
  call.emit('activation', [call.feature2d(0)], { function: name }, {});

export const activations: OpReaders = {
  Relu: plain('relu'),
  Relu6: plain('relu6'),
  Elu: plain('elu'),
  Selu: plain('selu'),
  Sigmoid: plain('sigmoid'),
  Tanh: plain('tanh'),
  Softplus: plain('softplus'),
  Softmax: plain('softmax'),
  LeakyRelu: (call) =>
    call.emit('activation', [call.feature2d(0)], { function: 'leakyRelu', alpha: call.attributes.number('alpha', 0.2) }, {}),
  Prelu: (call) => preluOf(call, call.feature(0), 1),
};

/** `prelu` of `x` with the constant input `at` for its alpha, whose axes align from the last on. */
export function preluOf(call: OpCall, x: Feature, at: number, suffix = ''): Feature {
  const given = call.constant(at).shape;
  const extra = given.slice(0, Math.max(0, given.length - x.shape.length));
  if (extra.some((size) => size !== 1)) {
    throw call.refusal(`an alpha of [${given.join(', ')}] does not fit [batch, ${x.shape.join(', ')}].`);
  }
  const own = given.slice(extra.length);
  const shape = [...x.shape.slice(own.length).fill(1), ...own];
  return call.emit('prelu', [x], {}, { alpha: weight(shape, call.numbers(at)) }, suffix);
}
