import { z } from 'zod';
import { dataFormat, nodeOf, parseConfig, refuse, soleShape, type LayerReader } from '../layerSource.ts';

const batchShape = z.array(z.number().int().nullable()).min(2);
const inputConfig = z.looseObject({ batch_input_shape: batchShape.nullish(), batch_shape: batchShape.nullish() });

export const readInputLayer: LayerReader = (layer) => {
  const config = parseConfig(layer, inputConfig);
  const [, ...sizes] = config.batch_input_shape ?? config.batch_shape ?? [null];
  const shape = sizes.filter((size) => size !== null);
  if (shape.length === 0 || shape.length < sizes.length) {
    refuse(layer, 'the input shape must be given and fixed (give every dimension but the batch a size)', sizes);
  }
  return [nodeOf(layer, 'input', { shape }, {})];
};

const flattenConfig = z.looseObject({ data_format: dataFormat });

export const readFlatten: LayerReader = (layer) => {
  parseConfig(layer, flattenConfig);
  return [nodeOf(layer, 'flatten', {}, {})];
};

const reshapeConfig = z.looseObject({ target_shape: z.array(z.number().int().nullable().transform((size) => size ?? -1)) });

/** Works out the one size that may be left open (−1). */
export const readReshape: LayerReader = (layer) => {
  const { target_shape: target } = parseConfig(layer, reshapeConfig);
  const count = soleShape(layer).reduce((product, size) => product * size, 1);
  const known = target.filter((size) => size >= 0).reduce((product, size) => product * size, 1);
  const open = target.filter((size) => size < 0).length;
  if (open > 1 || (open === 1 && (known === 0 || count % known !== 0))) {
    refuse(layer, `target_shape must leave at most one size open and hold ${count} values`, target);
  }
  return [nodeOf(layer, 'reshape', { shape: target.map((size) => (size < 0 ? count / known : size)) }, {})];
};

const permuteConfig = z.looseObject({ dims: z.array(z.number().int().positive()) });

/** `dims` counts the sample's axes from 1. */
export const readPermute: LayerReader = (layer) => {
  const { dims } = parseConfig(layer, permuteConfig);
  return [nodeOf(layer, 'permute', { order: dims.map((axis) => axis - 1) }, {})];
};
