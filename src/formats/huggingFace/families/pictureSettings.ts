import * as z from 'zod/mini';
import { UnsupportedHuggingFaceModelError } from '../errors.ts';
import { depth, epsilon, flag, size } from '../settings.ts';

/** What models of pictures have in common. */
export const pictureSettings = {
  image_size: z.union([size, z.tuple([size, size])]),
  patch_size: size,
  num_channels: z.optional(size),
  hidden_act: z.optional(z.string()),
  layer_norm_eps: z.optional(epsilon),
  qkv_bias: flag,
  id2label: z.optional(z.nullable(z.record(z.string(), z.string()))),
  num_labels: z.optional(depth),
};

/** Height and width of the pictures. Throws `UnsupportedHuggingFaceModelError` where patches do not divide them. */
export function pictureSize(image: number | readonly [number, number], patch: number): readonly [number, number] {
  const sides = typeof image === 'number' ? [image, image] as const : image;
  if (sides.every((side) => side % patch === 0)) return sides;
  throw new UnsupportedHuggingFaceModelError(`config.json: patches of ${patch} pixels ("patch_size") must divide pictures of ${sides.join(' × ')} ("image_size").`);
}

/** Outputs of the classifier; without labels two, as the library has it. */
export function labelCount({ id2label, num_labels: count }: { readonly id2label?: Readonly<Record<string, string>> | null; readonly num_labels?: number }): number {
  const named = Object.keys(id2label ?? {}).length;
  return named > 0 ? named : (count ?? 2);
}
