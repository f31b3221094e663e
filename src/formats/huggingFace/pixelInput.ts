import * as z from 'zod/mini';
import type { DraftBuilder } from './draft.ts';
import { HuggingFaceFileError } from './errors.ts';
import { flag, parseSettings, type Json } from './settings.ts';

/** `scale · pixel + offset` for each channel, pixels being 0–255. */
export interface Normalisation {
  readonly scale: readonly number[];
  readonly offset: readonly number[];
}

const finite = z.number().check(z.gte(-1e6), z.lte(1e6));
const spread = z.number().check(z.gte(1e-6), z.lte(1e6));
const schema = z.object({
  do_rescale: flag,
  rescale_factor: z.optional(z.nullable(spread)),
  do_normalize: flag,
  image_mean: z.optional(z.nullable(z.array(finite))),
  image_std: z.optional(z.nullable(z.array(spread))),
});

/** What a `preprocessor_config.json` does to pixels; what it leaves out is as `ViTImageProcessor` has it. Throws `HuggingFaceFileError`. */
export function normalisationOf(json: Json, path = 'preprocessor_config.json'): Normalisation {
  const p = parseSettings(path, schema, json);
  const factor = p.do_rescale === false ? 1 : (p.rescale_factor ?? 1 / 255);
  if (p.do_normalize === false) return { scale: [factor], offset: [0] };
  const [means, deviations] = [p.image_mean ?? [0.5], p.image_std ?? [0.5]];
  if (means.length !== deviations.length || means.length === 0) {
    throw new HuggingFaceFileError(`${path}: "image_mean" has ${means.length} values and "image_std" ${deviations.length}; there must be one for each channel.`);
  }
  return { scale: deviations.map((deviation) => factor / deviation), offset: means.map((mean, k) => -mean / deviations[k]) };
}

/** The input of pictures 0–255 and the nodes that normalise them: one where all channels are treated alike. */
export function pixelInput(b: DraftBuilder, [height, width]: readonly [number, number], channels: number, normalisation: Normalisation): string {
  const { scale, offset } = normalisation;
  const pixels = b.input([height, width, channels]);
  if (scale.every((one) => one === scale[0]) && offset.every((one) => one === offset[0])) return b.rescaling('normalise', pixels, scale[0], offset[0]);
  if (scale.length !== channels) throw new HuggingFaceFileError(`preprocessor_config.json: "image_mean" has ${scale.length} values for ${channels} channels.`);
  const parts = scale.map((one, k) => b.rescaling(`normalise.${k}`, b.slice(`normalise.${k}.channel`, pixels, 2, k, 1), one, offset[k]));
  return b.push({ id: 'normalise', op: 'concat', inputs: parts, attributes: { axis: 2 }, slots: {} });
}
