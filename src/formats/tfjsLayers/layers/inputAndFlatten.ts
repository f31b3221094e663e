import { z } from 'zod';
import { UnsupportedConfigError } from '../errors.ts';
import { dataFormat, parseConfig, type LayerReader, type LayerWriter } from './layerCodec.ts';

const batchShape = z.array(z.number().int().nullable()).min(2);
const inputConfig = z.looseObject({ batch_input_shape: batchShape.optional(), batch_shape: batchShape.optional() });

export const readInputLayer: LayerReader = (layer) => {
  const config = parseConfig(layer, inputConfig);
  const [, ...dims] = config.batch_input_shape ?? config.batch_shape ?? [null];
  const shape = dims.filter((d) => d !== null);
  if (shape.length === 0 || shape.length < dims.length) {
    throw new UnsupportedConfigError(
      layer.name, layer.className,
      `the input shape must be given and fixed, found ${JSON.stringify(dims)}. Give every dimension but the batch a size.`,
    );
  }
  return [{ id: layer.name, op: 'input', inputs: [], attributes: { shape }, weights: {} }];
};

export const writeInputLayer: LayerWriter<'input'> = ({ attributes }) => ({
  className: 'InputLayer',
  config: { batch_input_shape: [null, ...attributes.shape], sparse: false },
});

export const readFlatten: LayerReader = (layer) => {
  parseConfig(layer, z.looseObject({ data_format: dataFormat }));
  return [{ id: layer.name, op: 'flatten', inputs: layer.inputs, attributes: {}, weights: {} }];
};

export const writeFlatten: LayerWriter<'flatten'> = () => ({
  className: 'Flatten',
  config: { data_format: 'channels_last' },
});
