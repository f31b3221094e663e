import { z } from 'zod';
import { dataFormat, nodeOf, padding, pair, parseConfig, refuse, refuseIgnored, type LayerReader } from '../layerSource.ts';
import { bias, channelsOf, checkedKernel, fused, names } from './convolution.ts';

const outputPadding = z.number().int().nonnegative();
const config = z.looseObject({
  filters: z.number().int().positive(),
  kernel_size: pair,
  strides: pair.default([1, 1]),
  padding: padding.default('valid'),
  output_padding: z
    .union([outputPadding.transform((value) => [value, value] as const), z.tuple([outputPadding, outputPadding])])
    .nullish(),
  data_format: dataFormat,
  dilation_rate: pair.nullish(),
  activation: z.unknown().optional(),
  use_bias: z.boolean().default(true),
});

export const readConv2DTranspose: LayerReader = (layer) => {
  const parsed = parseConfig(layer, config);
  const { kernel_size: size, strides, output_padding: more, filters, use_bias: useBias } = parsed;
  if (parsed.dilation_rate?.some((rate) => rate !== 1)) {
    refuse(layer, 'dilation_rate must be 1; transposed convolutions with holes would have to be supported', parsed.dilation_rate);
  }
  if (more) refuseIgnored(layer, 'output_padding must be absent', more);
  const find = layer.weights(names(['kernel'], useBias));
  const kernel = checkedKernel(layer, find('kernel'), [...size, filters, channelsOf(layer)]);
  const along = (axis: 0 | 1) => cropping(size[axis], strides[axis], parsed.padding, more?.[axis]);
  return fused(layer, parsed, nodeOf(layer, 'transposedConv2d', { strides, cropping: [along(0), along(1)] }, { kernel, ...bias(find, useBias) }));
};

/**
 * What the full result, `(h − 1) · stride + size` rows, loses on both sides in TensorFlow.
 *
 * The layer gives `h · stride` rows (same) or `h · stride + max(size − stride, 0)` (valid), with an
 * output padding p `(h − 1) · stride + size − 2 · ⌊size / 2⌋ + p` (same) or `(h − 1) · stride + size + p`
 * (valid). As in the convolution whose transpose it is, half of what is lost, rounded down, goes from the top.
 */
function cropping(size: number, stride: number, pad: 'same' | 'valid', outputPadding?: number): readonly [number, number] {
  const lost = outputPadding === undefined
    ? size - stride - (pad === 'valid' ? Math.max(size - stride, 0) : 0)
    : (pad === 'same' ? 2 * Math.floor(size / 2) : 0) - outputPadding;
  const top = Math.max(0, pad === 'same' ? Math.floor(lost / 2) : 0);
  return [top, lost - top];
}
