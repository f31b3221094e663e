import type { NodeOf } from '../../../network/network.ts';
import type { LayerWriter, WriterContext } from '../layerWriter.ts';

export const writeDense: LayerWriter<'dense'> = ({ weights }) => ({
  className: 'Dense',
  config: { units: weights.kernel.shape[1], activation: 'linear', use_bias: weights.bias !== undefined },
  weights: { kernel: weights.kernel, bias: weights.bias },
});

export const writeBatchNormalization: LayerWriter<'batchNorm'> = ({ attributes, weights }, context) => {
  requireFewAxes(context);
  return {
    className: 'BatchNormalization',
    config: {
      axis: -1, momentum: 0.99, epsilon: attributes.epsilon, center: weights.beta !== undefined, scale: weights.gamma !== undefined,
    },
    weights: { gamma: weights.gamma, beta: weights.beta, moving_mean: weights.mean, moving_variance: weights.variance },
  };
};

export const writeLayerNormalization: LayerWriter<'layerNorm'> = ({ attributes, weights }: NodeOf<'layerNorm'>, context) => {
  requireFewAxes(context);
  const channels = context.inputShapes[0].at(-1);
  if (attributes.over !== undefined && attributes.over !== channels) context.refuse(`its means are over ${attributes.over} channels, of which ${channels} are left.`);
  return {
    className: 'LayerNormalization',
    config: { axis: -1, epsilon: attributes.epsilon, center: weights.beta !== undefined, scale: weights.gamma !== undefined },
    weights: { gamma: weights.gamma, beta: weights.beta },
  };
};

export const writeGroupNormalization: LayerWriter<'groupNorm'> = (_node, context) =>
  context.refuse('plain TensorFlow.js has no group normalisation.');

function requireFewAxes({ inputShapes: [shape], refuse }: WriterContext): void {
  if (shape.length > 3) refuse(`plain TensorFlow.js normalises values of up to three axes, and its input has ${shape.length}.`);
}
