import { z } from 'zod';
import { dataFormat, pair, padding, parseConfig, type LayerReader, type LayerWriter } from './layerCodec.ts';

const poolConfig = z.looseObject({
  pool_size: pair.default([2, 2]),
  strides: pair.nullish(),
  padding: padding.default('valid'),
  data_format: dataFormat,
});

function readPool(op: 'maxPool2d' | 'averagePool2d'): LayerReader {
  return (layer) => {
    const config = parseConfig(layer, poolConfig);
    const attributes = {
      poolSize: config.pool_size,
      strides: config.strides ?? config.pool_size,
      padding: config.padding,
    };
    return [{ id: layer.name, op, inputs: layer.inputs, attributes, weights: {} }];
  };
}

function writePool(className: string): LayerWriter<'maxPool2d' | 'averagePool2d'> {
  return ({ attributes }) => ({
    className,
    config: {
      pool_size: attributes.poolSize,
      strides: attributes.strides,
      padding: attributes.padding,
      data_format: 'channels_last',
    },
  });
}

const globalPoolConfig = z.looseObject({ data_format: dataFormat, keepdims: z.literal(false).nullish() });

function readGlobalPool(op: 'globalAveragePool2d' | 'globalMaxPool2d'): LayerReader {
  return (layer) => {
    parseConfig(layer, globalPoolConfig);
    return [{ id: layer.name, op, inputs: layer.inputs, attributes: {}, weights: {} }];
  };
}

export const readMaxPooling2D = readPool('maxPool2d');
export const readAveragePooling2D = readPool('averagePool2d');
export const readGlobalMaxPooling2D = readGlobalPool('globalMaxPool2d');
export const readGlobalAveragePooling2D = readGlobalPool('globalAveragePool2d');

export const writeMaxPooling2D = writePool('MaxPooling2D');
export const writeAveragePooling2D = writePool('AveragePooling2D');
export const writeGlobalMaxPooling2D: LayerWriter<'globalMaxPool2d'> = () => ({
  className: 'GlobalMaxPooling2D',
  config: { data_format: 'channels_last' },
});
export const writeGlobalAveragePooling2D: LayerWriter<'globalAveragePool2d'> = () => ({
  className: 'GlobalAveragePooling2D',
  config: { data_format: 'channels_last' },
});
