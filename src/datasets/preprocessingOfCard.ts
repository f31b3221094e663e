import * as z from 'zod/mini';
import { FITS, LARGEST, type Preprocessing } from './preprocessing.ts';

// The page's Content-Security-Policy forbids the code generation that zod would otherwise probe for.
z.config({ jitless: true });

const signed = z.number().check(z.gte(-LARGEST), z.lte(LARGEST));
const positive = z.number().check(z.gte(1 / LARGEST), z.lte(LARGEST));
const perChannel = (value: z.ZodMiniNumber) => z.array(value).check(z.minLength(1), z.maxLength(4));

const cardInput = z.object({
  range: z.optional(z.tuple([signed, signed])),
  channels: z.optional(z.string()),
  fit: z.optional(z.enum(FITS)),
  mean: z.optional(perChannel(signed)),
  deviation: z.optional(perChannel(positive)),
});

/**
 * The preprocessing that a model card's `input` describes: `range` is what pixels 0–255 are scaled
 * to, `channels` their order, then `mean` and `deviation` of the scaled values. Undefined where it
 * says nothing of the kind.
 */
export function preprocessingOfCard(input: unknown): Preprocessing | undefined {
  const parsed = cardInput.safeParse(input);
  if (!parsed.success) return undefined;
  const { range: [low, high] = [0, 255], channels, fit = 'crop', mean = [0], deviation = [1] } = parsed.data;
  if (high <= low) return undefined;
  return {
    fit,
    scale: (high - low) / 255,
    mean: mean.map((value) => value - low),
    deviation,
    order: channels === 'BGR' ? 'BGR' : 'RGB',
  };
}
