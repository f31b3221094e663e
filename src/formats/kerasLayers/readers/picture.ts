import { z } from 'zod';
import { border, dataFormat, nodeOf, pair, parseConfig, refuse, soleShape, type LayerReader } from '../layerSource.ts';

const paddingConfig = z.looseObject({ padding: border.default([[1, 1], [1, 1]]), data_format: dataFormat });
const croppingConfig = z.looseObject({ cropping: border.default([[0, 0], [0, 0]]), data_format: dataFormat });

export const readZeroPadding2D: LayerReader = (layer) => {
  const { padding } = parseConfig(layer, paddingConfig);
  return [nodeOf(layer, 'zeroPad2d', { padding }, {})];
};

export const readCropping2D: LayerReader = (layer) => {
  const { cropping } = parseConfig(layer, croppingConfig);
  return [nodeOf(layer, 'crop2d', { cropping }, {})];
};

const interpolation = z
  .string()
  .transform((name) => name.toLowerCase())
  .pipe(z.enum(['nearest', 'bilinear']));
const upSamplingConfig = z.looseObject({ size: pair.default([2, 2]), interpolation: interpolation.default('nearest'), data_format: dataFormat });

/** Keras places pixels by their middles; plain TensorFlow.js by their corners, which it does not align. */
export const readUpSampling2D: LayerReader = (layer) => {
  const { size: factors, interpolation: by } = parseConfig(layer, upSamplingConfig);
  const [height, width] = soleShape(layer);
  return [nodeOf(layer, 'resize2d', {
    size: [height * factors[0], width * factors[1]],
    interpolation: by,
    coordinates: layer.dialect === 'tfjs' ? 'asymmetric' : 'halfPixel',
  }, {})];
};

const resizingConfig = z.looseObject({
  height: z.number().int().positive(),
  width: z.number().int().positive(),
  interpolation: interpolation.default('bilinear'),
  crop_to_aspect_ratio: z.boolean().nullish(),
  pad_to_aspect_ratio: z.literal(false).nullish(),
  antialias: z.literal(false).nullish(),
  data_format: dataFormat,
});

/** Pixels are placed by their middles, as in Keras: plain TensorFlow.js has this layer, but cannot run it within a model. */
export const readResizing: LayerReader = (layer) => {
  const config = parseConfig(layer, resizingConfig);
  if (config.crop_to_aspect_ratio) {
    refuse(layer, 'crop_to_aspect_ratio must be false; crop the pictures before the model', config.crop_to_aspect_ratio);
  }
  return [nodeOf(layer, 'resize2d', {
    size: [config.height, config.width],
    interpolation: config.interpolation,
    coordinates: 'halfPixel',
  }, {})];
};
