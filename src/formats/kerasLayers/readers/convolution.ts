import { z } from 'zod';
import type { Node, Weight } from '../../../network/network.ts';
import { checkWeight } from '../../../network/shapes.ts';
import {
  dataFormat, nodeOf, padding, pair, parseConfig, refuse, refuseIgnored, soleShape, type FindWeight, type LayerReader, type LayerSource,
} from '../layerSource.ts';
import { readActivationSetting, withActivation } from './activation.ts';

const whole = z.number().int().positive();
const window = {
  kernel_size: pair,
  strides: pair.default([1, 1]),
  padding: padding.default('valid'),
  data_format: dataFormat,
  dilation_rate: pair.default([1, 1]),
  activation: z.unknown().optional(),
  use_bias: z.boolean().default(true),
};
const convConfig = z.looseObject({ ...window, filters: whole, groups: whole.default(1) });
const depthwiseConfig = z.looseObject({ ...window, depth_multiplier: whole.nullish() });
const separableConfig = z.looseObject({ ...window, filters: whole, depth_multiplier: whole.nullish() });

export const readConv2D: LayerReader = (layer) => {
  const config = parseConfig(layer, convConfig);
  const channels = channelsOf(layer);
  if (channels % config.groups !== 0 || config.filters % config.groups !== 0) {
    refuse(layer, `groups must divide ${channels} inputs and ${config.filters} filters`, config.groups);
  }
  const find = layer.weights(names(['kernel'], config.use_bias));
  const kernel = checkedKernel(layer, find('kernel'), [...config.kernel_size, channels / config.groups, config.filters]);
  const { strides, padding: pad, dilation_rate: dilations, groups } = config;
  return fused(layer, config, nodeOf(layer, 'conv2d', { strides, padding: pad, dilations, groups }, { kernel, ...bias(find, config.use_bias) }));
};

export const readDepthwiseConv2D: LayerReader = (layer) => {
  const config = parseConfig(layer, depthwiseConfig);
  if (config.dilation_rate.some((rate) => rate !== 1)) refuseIgnored(layer, 'dilation_rate must be 1', config.dilation_rate);
  const find = layer.weights(names(['depthwise_kernel'], config.use_bias));
  const kernel = depthwiseKernel(layer, find, config);
  const { strides, padding: pad, dilation_rate: dilations } = config;
  return fused(layer, config, nodeOf(layer, 'depthwiseConv2d', { strides, padding: pad, dilations }, { kernel, ...bias(find, config.use_bias) }));
};

/** A depthwise convolution `<layer>_depthwise` without bias, and a 1 × 1 convolution that has the layer's name. */
export const readSeparableConv2D: LayerReader = (layer) => {
  const config = parseConfig(layer, separableConfig);
  const channels = channelsOf(layer);
  const find = layer.weights(names(['depthwise_kernel', 'pointwise_kernel'], config.use_bias));
  const depthwise = depthwiseKernel(layer, find, config);
  const kernel = checkedKernel(layer, find('pointwise_kernel'), [1, 1, channels * depthwise.shape[3], config.filters]);
  const { strides, padding: pad, dilation_rate: dilations } = config;
  const first: Node = {
    ...nodeOf(layer, 'depthwiseConv2d', { strides, padding: pad, dilations }, { kernel: depthwise }),
    id: `${layer.id}_depthwise`,
  };
  const point = nodeOf(
    layer, 'conv2d', { strides: [1, 1], padding: 'valid', dilations: [1, 1], groups: 1 }, { kernel, ...bias(find, config.use_bias) },
  );
  return [first, ...fused(layer, config, { ...point, inputs: [first.id] })];
};

/** Plain TensorFlow.js does not write the multiplier of a SeparableConv2D; it is then the kernel's. */
function depthwiseKernel(
  layer: LayerSource,
  find: FindWeight,
  config: { readonly kernel_size: readonly number[]; readonly depth_multiplier?: number | null | undefined },
): Weight {
  const kernel = find('depthwise_kernel');
  return checkedKernel(layer, kernel, [...config.kernel_size, channelsOf(layer), config.depth_multiplier ?? kernel.shape[3] ?? 1]);
}

/** The layer's fused activation after `node`. */
export function fused(layer: LayerSource, config: { readonly activation?: unknown }, node: Node): readonly Node[] {
  return withActivation(node, readActivationSetting(layer, config.activation));
}

/** The kernel, of the shape that the layer's settings and its input say. Throws `WeightShapeError`. */
export function checkedKernel(layer: LayerSource, kernel: Weight, shape: readonly number[]): Weight {
  checkWeight(layer.id, 'kernel', kernel, shape);
  return kernel;
}

/** The names of a layer's weights, in Keras's order. */
export function names(kernels: readonly string[], useBias: boolean): readonly string[] {
  return useBias ? [...kernels, 'bias'] : kernels;
}

/** The layer's bias, if it has one. */
export function bias(find: FindWeight, useBias: boolean): { readonly bias?: Weight } {
  return useBias ? { bias: find('bias') } : {};
}

/** The last axis of the one value that the layer reads. */
export function channelsOf(layer: LayerSource): number {
  return soleShape(layer).at(-1) ?? 0;
}
