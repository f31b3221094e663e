import { z } from 'zod';
import type { Weight } from '../../../network/network.ts';
import { axes, nodeOf, parseConfig, refuse, requireLastAxis, soleShape, type FindWeight, type LayerReader } from '../layerSource.ts';

const scaled = {
  axis: axes.default(-1),
  epsilon: z.number().nonnegative().default(1e-3),
  center: z.boolean().default(true),
  scale: z.boolean().default(true),
};
const scaledConfig = z.looseObject(scaled);
const layerNormConfig = z.looseObject({ ...scaled, rms_scaling: z.literal(false).nullish() });
const groupNormConfig = z.looseObject({ ...scaled, groups: z.number().int().default(32) });

/** gamma and beta, as far as the layer has them. */
function affine({ scale, center }: { scale: boolean; center: boolean }): readonly string[] {
  return [...(scale ? ['gamma'] : []), ...(center ? ['beta'] : [])];
}

function affineWeights({ scale, center }: { scale: boolean; center: boolean }, find: FindWeight): { gamma?: Weight; beta?: Weight } {
  return { ...(scale && { gamma: find('gamma') }), ...(center && { beta: find('beta') }) };
}

export const readBatchNormalization: LayerReader = (layer) => {
  const config = parseConfig(layer, scaledConfig);
  requireLastAxis(layer, config.axis);
  const find = layer.weights([...affine(config), 'moving_mean', 'moving_variance']);
  const weights = { ...affineWeights(config, find), mean: find('moving_mean'), variance: find('moving_variance') };
  return [nodeOf(layer, 'batchNorm', { epsilon: config.epsilon }, weights)];
};

export const readLayerNormalization: LayerReader = (layer) => {
  const config = parseConfig(layer, layerNormConfig);
  requireLastAxis(layer, config.axis);
  return [nodeOf(layer, 'layerNorm', { epsilon: config.epsilon }, affineWeights(config, layer.weights(affine(config))))];
};

export const readGroupNormalization: LayerReader = (layer) => {
  const config = parseConfig(layer, groupNormConfig);
  requireLastAxis(layer, config.axis);
  const channels = soleShape(layer).at(-1) ?? 0;
  const groups = config.groups === -1 ? channels : config.groups;
  if (groups < 1 || channels % groups !== 0) refuse(layer, `groups must divide ${channels} channels`, config.groups);
  return [nodeOf(layer, 'groupNorm', { groups, epsilon: config.epsilon }, affineWeights(config, layer.weights(affine(config))))];
};

const numbers = z.union([z.number(), z.array(z.number())]).nullish();
const normalizationConfig = z.looseObject({
  axis: axes.nullish(),
  mean: numbers,
  variance: numbers,
  invert: z.literal(false).nullish(),
});
/** Keras divides by a deviation no smaller than its fuzz factor, 1e-7. */
const SMALLEST_VARIANCE = 1e-14;

/** `(x − mean) / max(√variance, 1e-7)` along the last axis, as a batchNorm; the statistics measured, or set by hand. */
export const readNormalization: LayerReader = (layer) => {
  const config = parseConfig(layer, normalizationConfig);
  const channels = soleShape(layer).at(-1) ?? 0;
  const given = { mean: config.mean ?? undefined, variance: config.variance ?? undefined };
  const single = given.mean !== undefined && [given.mean].flat().length === 1;
  const axis = config.axis === undefined ? -1 : config.axis;
  if (axis !== null && [axis].flat().length > 0 && !single) requireLastAxis(layer, axis);
  const find = given.mean === undefined ? layer.weights(['mean', 'variance', 'count']) : undefined;
  const vector = (name: 'mean' | 'variance'): Weight => {
    const values = find ? find(name).values : Float32Array.from([given[name] ?? []].flat());
    if (values.length !== 1 && values.length !== channels) refuse(layer, `${name} must be one number, or ${channels}`, values.length);
    return { shape: [channels], values: values.length === channels ? values : new Float32Array(channels).fill(values[0]) };
  };
  const variance = vector('variance');
  const floored = { ...variance, values: variance.values.map((value) => Math.max(value, SMALLEST_VARIANCE)) };
  return [nodeOf(layer, 'batchNorm', { epsilon: 0 }, { mean: vector('mean'), variance: floored })];
};
