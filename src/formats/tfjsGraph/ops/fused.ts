import type { ActivationName, Weight } from '../../../network/network.ts';
import type { OpCall } from '../opCall.ts';
import { count, weight, type Feature } from '../values.ts';
import { preluOf } from './activation.ts';

const ACTIVATIONS: Readonly<Record<string, ActivationName>> = {
  relu: 'relu', relu6: 'relu6', elu: 'elu', leakyrelu: 'leakyRelu', sigmoid: 'sigmoid', tanh: 'tanh',
};

/** The bias among the inputs x, filter, bias, prelu's alpha; undefined where nothing is fused. */
export function fusedBias(call: OpCall): Weight | undefined {
  const fused = call.attributes.texts('fused_ops');
  if (fused.length === 0) return undefined;
  if (fused[0] !== 'biasadd') throw call.refusal(`fused_ops must begin with BiasAdd, found ${fused.join(', ')}.`);
  const { shape } = call.constant(2);
  return weight([count(shape)], call.numbers(2));
}

/** The activation that is fused after the bias, as a node of its own, `<name>_activation`. */
export function fusedActivation(call: OpCall, x: Feature): Feature {
  const [, name, ...others] = call.attributes.texts('fused_ops');
  if (name === undefined) return x;
  if (others.length === 0 && name === 'prelu') return preluOf(call, x, 3, '_activation');
  if (others.length > 0 || !Object.hasOwn(ACTIVATIONS, name)) {
    throw call.refusal(`fuses ${[name, ...others].join(', ')}; supported are ${Object.keys(ACTIVATIONS).join(', ')} and prelu.`);
  }
  const alpha = name === 'leakyrelu' ? { alpha: call.attributes.number('leakyrelu_alpha', 0.2) } : {};
  return call.emit('activation', [x], { function: ACTIVATIONS[name], ...alpha }, {}, '_activation');
}
