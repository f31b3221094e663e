import { z } from 'zod';
import { checkWeight } from '../../../network/shapes.ts';
import { activationName, withActivation } from './activation.ts';
import { parseConfig, type LayerReader, type LayerWriter } from './layerCodec.ts';

const denseConfig = z.looseObject({
  units: z.number().int().positive(),
  activation: activationName.nullish(),
  use_bias: z.boolean().default(true),
});

export const readDense: LayerReader = (layer) => {
  const config = parseConfig(layer, denseConfig);
  const kernel = layer.weight('kernel');
  checkWeight(layer.name, 'kernel', kernel, [layer.inputShapes[0].at(-1) ?? 0, config.units]);
  return withActivation(
    {
      id: layer.name,
      op: 'dense',
      inputs: layer.inputs,
      attributes: {},
      weights: { kernel, ...(config.use_bias && { bias: layer.weight('bias') }) },
    },
    config.activation ?? 'linear',
  );
};

export const writeDense: LayerWriter<'dense'> = ({ weights }) => ({
  className: 'Dense',
  config: { units: weights.kernel.shape[1], activation: 'linear', use_bias: weights.bias !== undefined },
});
