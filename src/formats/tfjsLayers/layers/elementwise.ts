import { z } from 'zod';
import { parseConfig, type LayerReader, type LayerWriter } from './layerCodec.ts';

export const readRescaling: LayerReader = (layer) => {
  const { scale, offset } = parseConfig(layer, z.looseObject({ scale: z.number(), offset: z.number().default(0) }));
  return [{ id: layer.name, op: 'rescaling', inputs: layer.inputs, attributes: { scale, offset }, weights: {} }];
};

export const writeRescaling: LayerWriter<'rescaling'> = ({ attributes }) => ({
  className: 'Rescaling',
  config: { scale: attributes.scale, offset: attributes.offset },
});

export const readAdd: LayerReader = (layer) => [
  { id: layer.name, op: 'add', inputs: layer.inputs, attributes: {}, weights: {} },
];

export const writeAdd: LayerWriter<'add'> = () => ({ className: 'Add', config: {} });

export const readDropout: LayerReader = (layer) => {
  const { rate } = parseConfig(layer, z.looseObject({ rate: z.number().min(0).max(1) }));
  return [{ id: layer.name, op: 'dropout', inputs: layer.inputs, attributes: { rate }, weights: {} }];
};

export const writeDropout: LayerWriter<'dropout'> = ({ attributes }) => ({
  className: 'Dropout',
  config: { rate: attributes.rate },
});
