import { z } from 'zod';
import { dataFormat, nodeOf, padding, pair, parseConfig, type LayerReader } from '../layerSource.ts';

const poolConfig = z.looseObject({
  pool_size: pair.default([2, 2]),
  strides: pair.nullish(),
  padding: padding.default('valid'),
  data_format: dataFormat,
});

function readPool(op: 'maxPool2d' | 'averagePool2d'): LayerReader {
  return (layer) => {
    const { pool_size: poolSize, strides, padding: pad } = parseConfig(layer, poolConfig);
    return [nodeOf(layer, op, { poolSize, strides: strides ?? poolSize, padding: pad }, {})];
  };
}

const globalPoolConfig = z.looseObject({ data_format: dataFormat, keepdims: z.boolean().nullish() });

function readGlobalPool(op: 'globalAveragePool2d' | 'globalMaxPool2d'): LayerReader {
  return (layer) => {
    const { keepdims } = parseConfig(layer, globalPoolConfig);
    return [nodeOf(layer, op, { keepDims: keepdims ?? false }, {})];
  };
}

export const readMaxPooling2D = readPool('maxPool2d');
export const readAveragePooling2D = readPool('averagePool2d');
export const readGlobalMaxPooling2D = readGlobalPool('globalMaxPool2d');
export const readGlobalAveragePooling2D = readGlobalPool('globalAveragePool2d');
