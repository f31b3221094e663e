import { z } from 'zod';
import { parseConfig, requireLastAxis, type LayerReader, type LayerWriter } from './layerCodec.ts';

const batchNormConfig = z.looseObject({
  axis: z.union([z.number(), z.array(z.number())]).default(-1),
  epsilon: z.number().nonnegative().default(1e-3),
  center: z.boolean().default(true),
  scale: z.boolean().default(true),
});

export const readBatchNormalization: LayerReader = (layer) => {
  const config = parseConfig(layer, batchNormConfig);
  requireLastAxis(layer, config.axis);
  return [
    {
      id: layer.name,
      op: 'batchNorm',
      inputs: layer.inputs,
      attributes: { epsilon: config.epsilon },
      weights: {
        ...(config.scale && { gamma: layer.weight('gamma') }),
        ...(config.center && { beta: layer.weight('beta') }),
        mean: layer.weight('moving_mean'),
        variance: layer.weight('moving_variance'),
      },
    },
  ];
};

export const writeBatchNormalization: LayerWriter<'batchNorm'> = ({ attributes, weights }) => ({
  className: 'BatchNormalization',
  config: {
    axis: -1,
    momentum: 0.99,
    epsilon: attributes.epsilon,
    center: weights.beta !== undefined,
    scale: weights.gamma !== undefined,
  },
});
