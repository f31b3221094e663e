import { z } from 'zod';
import { checkWeight } from '../../../network/shapes.ts';
import { UnsupportedConfigError } from '../errors.ts';
import { activationName, withActivation } from './activation.ts';
import { dataFormat, pair, padding, parseConfig, type LayerReader, type LayerWriter } from './layerCodec.ts';

const conv2dConfig = z.looseObject({
  filters: z.number().int().positive(),
  kernel_size: pair,
  strides: pair.default([1, 1]),
  padding: padding.default('valid'),
  data_format: dataFormat,
  dilation_rate: pair.default([1, 1]),
  groups: z.literal(1).default(1),
  activation: activationName.nullish(),
  use_bias: z.boolean().default(true),
});

export const readConv2D: LayerReader = (layer) => {
  const config = parseConfig(layer, conv2dConfig);
  if (config.dilation_rate.some((rate) => rate !== 1)) {
    throw new UnsupportedConfigError(
      layer.name, layer.className, `dilation_rate must be 1, found ${JSON.stringify(config.dilation_rate)}.`,
    );
  }
  const kernel = layer.weight('kernel');
  checkWeight(layer.name, 'kernel', kernel, [...config.kernel_size, layer.inputShapes[0].at(-1) ?? 0, config.filters]);
  return withActivation(
    {
      id: layer.name,
      op: 'conv2d',
      inputs: layer.inputs,
      attributes: { strides: config.strides, padding: config.padding, dilations: config.dilation_rate },
      weights: { kernel, ...(config.use_bias && { bias: layer.weight('bias') }) },
    },
    config.activation ?? 'linear',
  );
};

export const writeConv2D: LayerWriter<'conv2d'> = ({ attributes, weights }) => {
  const [height, width, , filters] = weights.kernel.shape;
  return {
    className: 'Conv2D',
    config: {
      filters,
      kernel_size: [height, width],
      strides: attributes.strides,
      padding: attributes.padding,
      data_format: 'channels_last',
      dilation_rate: attributes.dilations,
      activation: 'linear',
      use_bias: weights.bias !== undefined,
    },
  };
};

const rows = z.number().int().nonnegative();
const paddingConfig = z.looseObject({
  padding: z
    .union([
      rows.transform((n) => [[n, n], [n, n]] as const),
      z.tuple([rows, rows]).transform(([h, w]) => [[h, h], [w, w]] as const),
      z.tuple([z.tuple([rows, rows]), z.tuple([rows, rows])]),
    ])
    .default([[1, 1], [1, 1]]),
  data_format: dataFormat,
});

export const readZeroPadding2D: LayerReader = (layer) => {
  const config = parseConfig(layer, paddingConfig);
  return [{ id: layer.name, op: 'zeroPad2d', inputs: layer.inputs, attributes: { padding: config.padding }, weights: {} }];
};

export const writeZeroPadding2D: LayerWriter<'zeroPad2d'> = ({ attributes }) => ({
  className: 'ZeroPadding2D',
  config: { padding: attributes.padding, data_format: 'channels_last' },
});
