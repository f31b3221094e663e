import { z } from 'zod';
import { nodeOf, parseConfig, refuse, soleShape, type LayerReader } from '../layerSource.ts';

/** Keras 3 writes an array as an object around its values. */
const numbers = z.union([
  z.number(),
  z.array(z.number()).min(1),
  z.looseObject({ class_name: z.enum(['__numpy__', '__tensor__']), config: z.looseObject({ value: z.array(z.number()).min(1) }) })
    .transform(({ config }) => config.value),
]);

const rescalingConfig = z.looseObject({ scale: numbers, offset: numbers.default(0) });

/** `scale · x + offset`; where these differ between channels, a batchNorm whose gamma and beta they are. */
export const readRescaling: LayerReader = (layer) => {
  const { scale, offset } = parseConfig(layer, rescalingConfig);
  if (typeof scale === 'number' && typeof offset === 'number') return [nodeOf(layer, 'rescaling', { scale, offset }, {})];
  const channels = soleShape(layer).at(-1) ?? 0;
  const vector = (value: number | readonly number[], setting: string) => {
    const values = [value].flat();
    if (values.length !== 1 && values.length !== channels) refuse(layer, `${setting} must be one number, or ${channels}`, value);
    return { shape: [channels], values: Float32Array.from({ length: channels }, (_, c) => values[values.length === 1 ? 0 : c]) };
  };
  return [nodeOf(layer, 'batchNorm', { epsilon: 0 }, {
    gamma: vector(scale, 'scale'),
    beta: vector(offset, 'offset'),
    mean: vector(0, 'mean'),
    variance: vector(1, 'variance'),
  })];
};
