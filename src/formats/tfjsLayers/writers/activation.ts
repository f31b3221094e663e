import type { ActivationName } from '../../../network/network.ts';
import { chained, type LayerWriter, type WrittenLayer, type WriterContext } from '../layerWriter.ts';

/** What plain TensorFlow.js calls them. */
const NAMES: Readonly<Partial<Record<ActivationName, string>>> = {
  linear: 'linear', relu: 'relu', relu6: 'relu6', selu: 'selu', gelu: 'gelu', silu: 'swish', sigmoid: 'sigmoid',
  tanh: 'tanh', softplus: 'softplus', softmax: 'softmax',
};

export function activationLayer(name: string): WrittenLayer {
  return { className: 'Activation', config: { activation: name } };
}

export function rescalingLayer(scale: number, offset: number): WrittenLayer {
  return { className: 'Rescaling', config: { scale, offset } };
}

export const writeActivation: LayerWriter<'activation'> = ({ attributes }, context) => {
  const { function: name, alpha, beta } = attributes;
  const direct = NAMES[name];
  if (direct) return activationLayer(direct);
  switch (name) {
    case 'leakyRelu':
      return { className: 'LeakyReLU', config: { alpha: alpha ?? 0.01 } };
    case 'elu':
      return alpha === undefined || alpha === 1 ? activationLayer('elu') : writeElu(alpha, context);
    case 'hardSigmoid':
      return writeHardSigmoid(alpha ?? 1 / 6, beta ?? 1 / 2, context);
    case 'hardSwish':
      return writeHardSwish(context);
    case 'geluTanh':
      return writeGeluTanh(context);
    default:
      return context.refuse(`plain TensorFlow.js has no activation "${name}".`);
  }
};

/** `clip(αx + β, 0, 1)`; the layer's own is `clip(x / 5 + 1/2, 0, 1)`. */
function writeHardSigmoid(alpha: number, beta: number, context: WriterContext): WrittenLayer {
  const layer = activationLayer('hard_sigmoid');
  if (alpha === 0.2 && beta === 0.5) return layer;
  return chained(context, ['scaled', rescalingLayer(5 * alpha, 5 * (beta - 0.5))], ['', layer]);
}

/** `x · clip(x / 6 + 1/2, 0, 1)` */
function writeHardSwish({ inputs, before }: WriterContext): WrittenLayer {
  const scaled = before('scaled', { ...rescalingLayer(5 / 6, 0), inputs });
  const gate = before('gate', { ...activationLayer('hard_sigmoid'), inputs: [scaled] });
  return { className: 'Multiply', config: {}, inputs: [inputs[0], gate] };
}

/** `α · elu(x) + (1 − α) · relu(x)`, as the layer's own α is 1. */
function writeElu(alpha: number, { inputs, before }: WriterContext): WrittenLayer {
  const elu = before('elu', { ...activationLayer('elu'), inputs });
  const relu = before('relu', { ...activationLayer('relu'), inputs });
  const parts = [
    before('elu_scaled', { ...rescalingLayer(alpha, 0), inputs: [elu] }),
    before('relu_scaled', { ...rescalingLayer(1 - alpha, 0), inputs: [relu] }),
  ];
  return { className: 'Add', config: {}, inputs: parts };
}

/** `x · (1 + tanh(√(2/π) · (x + 0.044715 x³))) / 2`; plain TensorFlow.js has it, but cannot read its name from a file. */
function writeGeluTanh({ inputs, before }: WriterContext): WrittenLayer {
  const [x] = inputs;
  const product = (part: string, ...factors: readonly string[]): string => before(part, { className: 'Multiply', config: {}, inputs: factors });
  const cube = product('cube', product('square', x, x), x);
  const slope = Math.sqrt(2 / Math.PI);
  const terms = [
    before('cube_scaled', { ...rescalingLayer(0.044715 * slope, 0), inputs: [cube] }),
    before('scaled', { ...rescalingLayer(slope, 0), inputs: [x] }),
  ];
  const sum = before('sum', { className: 'Add', config: {}, inputs: terms });
  const tanh = before('tanh', { ...activationLayer('tanh'), inputs: [sum] });
  const gate = before('gate', { ...rescalingLayer(0.5, 0.5), inputs: [tanh] });
  return { className: 'Multiply', config: {}, inputs: [x, gate] };
}

/** Axes of alpha that are 1 are shared; the layer counts a sample's axes from 1. */
export const writePReLU: LayerWriter<'prelu'> = ({ weights: { alpha } }) => ({
  className: 'PReLU',
  config: { shared_axes: alpha.shape.flatMap((size, axis) => (size === 1 ? [axis + 1] : [])) },
  weights: { alpha },
});
