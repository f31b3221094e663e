import type { NodeOf } from '../../network/network.ts';

/**
 * An elementwise activation on single numbers, float64, as `ActivationName` defines it; undefined for
 * softmax, which is not elementwise.
 */
export function scalarActivation({ function: name, alpha, beta }: NodeOf<'activation'>['attributes']): ((x: number) => number) | undefined {
  switch (name) {
    case 'linear': return (x) => x;
    case 'relu': return (x) => (x > 0 ? x : 0);
    case 'relu6': return (x) => (x > 0 ? (x < 6 ? x : 6) : 0);
    case 'leakyRelu': return (x) => (x > 0 ? x : (alpha ?? 0.01) * x);
    case 'elu': return (x) => (x > 0 ? x : (alpha ?? 1) * Math.expm1(x));
    case 'selu': return (x) => SELU_SCALE * (x > 0 ? x : SELU_ALPHA * Math.expm1(x));
    case 'gelu': return (x) => 0.5 * x * (1 + errorFunction(x * Math.SQRT1_2));
    case 'geluTanh': return (x) => 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)));
    case 'silu': return (x) => x * sigmoid(x);
    case 'hardSwish': return (x) => x * clipped(x / 6 + 0.5);
    case 'hardSigmoid': return (x) => clipped((alpha ?? 1 / 6) * x + (beta ?? 0.5));
    case 'sigmoid': return sigmoid;
    case 'tanh': return Math.tanh;
    case 'softplus': return (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
    case 'softmax': return undefined;
  }
}

const SELU_ALPHA = 1.6732632423543772;
const SELU_SCALE = 1.0507009873554805;

function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x));
}

function clipped(x: number): number {
  return Math.min(1, Math.max(0, x));
}

/** Abramowitz and Stegun 7.1.26: off by at most 1.5e-7. */
function errorFunction(x: number): number {
  const t = 1 / (1 + 0.3275911 * Math.abs(x));
  const tail = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
  return Math.sign(x) * (1 - tail * Math.exp(-x * x));
}
