import { z } from 'zod';
import { nodeOf, parseConfig, type LayerReader } from '../layerSource.ts';
import { bias, channelsOf, checkedKernel, fused, names } from './convolution.ts';

const denseConfig = z.looseObject({
  units: z.number().int().positive(),
  activation: z.unknown().optional(),
  use_bias: z.boolean().default(true),
});

export const readDense: LayerReader = (layer) => {
  const config = parseConfig(layer, denseConfig);
  const find = layer.weights(names(['kernel'], config.use_bias));
  const kernel = checkedKernel(layer, find('kernel'), [channelsOf(layer), config.units]);
  return fused(layer, config, nodeOf(layer, 'dense', {}, { kernel, ...bias(find, config.use_bias) }));
};
