import * as z from 'zod/mini';

// The page's Content-Security-Policy forbids the code generation that zod would otherwise probe for.
z.config({ jitless: true });

export const CHANNEL_ORDERS = ['RGB', 'BGR'] as const;
export type ChannelOrder = (typeof CHANNEL_ORDERS)[number];

/** `crop`: the shorter side to the network's, then the centre. `stretch`: both sides, whatever that does to the shape. */
export const FITS = ['crop', 'stretch'] as const;
export type Fit = (typeof FITS)[number];

/**
 * What a network expects its pictures to have been through. Value v (0–255) of channel c becomes
 * `(scale · v − mean_c) / deviation_c`, where channels are counted in the order in which they are
 * fed, and a list of one number holds for all channels.
 */
export interface Preprocessing {
  readonly fit: Fit;
  readonly scale: number;
  readonly mean: readonly number[];
  readonly deviation: readonly number[];
  readonly order: ChannelOrder;
}

/** Pixels as they are, 0–255: what the shipped networks take. */
export const AS_THEY_ARE: Preprocessing = { fit: 'crop', scale: 1, mean: [0], deviation: [1], order: 'RGB' };

/** What people's networks most often expect. */
export const PRESETS = {
  pixels: AS_THEY_ARE,
  unit: { ...AS_THEY_ARE, scale: 1 / 255 },
  symmetric: { ...AS_THEY_ARE, scale: 1 / 127.5, mean: [1] },
  imagenet: { ...AS_THEY_ARE, scale: 1 / 255, mean: [0.485, 0.456, 0.406], deviation: [0.229, 0.224, 0.225] },
  caffe: { ...AS_THEY_ARE, mean: [103.939, 116.779, 123.68], order: 'BGR' },
} as const satisfies Readonly<Record<string, Preprocessing>>;

const LARGEST = 1e6;
const perChannel = (value: z.ZodMiniNumber) => z.array(value).check(z.minLength(1), z.maxLength(4));
const signed = z.number().check(z.gte(-LARGEST), z.lte(LARGEST));
const positive = z.number().check(z.gte(1 / LARGEST), z.lte(LARGEST));

const schema = z.object({
  fit: z.enum(FITS),
  scale: positive,
  mean: perChannel(signed),
  deviation: perChannel(positive),
  order: z.enum(CHANNEL_ORDERS),
});

/** Undefined for what is no preprocessing, or has a number that is not finite, out of range, or not positive where it divides. */
export function parsePreprocessing(value: unknown): Preprocessing | undefined {
  const parsed = schema.safeParse(value);
  return parsed.success ? parsed.data : undefined;
}

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
  return parsePreprocessing({
    fit,
    scale: (high - low) / 255,
    mean: mean.map((value) => value - low),
    deviation,
    order: channels === 'BGR' ? 'BGR' : 'RGB',
  });
}

/** `crop;1;0;1;RGB`: fit, scale, means, deviations and order, for a link. */
export function encodePreprocessing({ fit, scale, mean, deviation, order }: Preprocessing): string {
  return [fit, short(scale), mean.map(short).join(','), deviation.map(short).join(','), order].join(';');
}

/** Undefined for what `encodePreprocessing` did not write. */
export function decodePreprocessing(text: string): Preprocessing | undefined {
  const parts = text.split(';');
  if (parts.length !== 5 || parts.slice(1, 4).some((part) => !NUMBERS.test(part))) return undefined;
  const [fit, scale, mean, deviation, order] = parts;
  return parsePreprocessing({ fit, scale: Number(scale), mean: mean.split(',').map(Number), deviation: deviation.split(',').map(Number), order });
}

const NUMBERS = /^-?\d{1,9}(\.\d{1,12})?(e-?\d{1,3})?(,-?\d{1,9}(\.\d{1,12})?(e-?\d{1,3})?)*$/;

/** Nine digits tell any two float32 numbers apart. */
function short(value: number): string {
  return String(Number(value.toPrecision(9)));
}

export function samePreprocessing(a: Preprocessing, b: Preprocessing): boolean {
  return encodePreprocessing(a) === encodePreprocessing(b);
}

/** Whether anything is done to the values, `fit` aside. */
export function leavesValues(preprocessing: Preprocessing): boolean {
  return samePreprocessing({ ...preprocessing, fit: 'crop' }, AS_THEY_ARE);
}

/**
 * Pictures of `channels` interleaved values as the network takes them, float32, in the same order.
 * Orders other than RGB apply to three channels.
 */
export function preprocess(values: ArrayLike<number>, channels: number, preprocessing: Preprocessing): Float32Array {
  if (leavesValues(preprocessing)) return Float32Array.from(values);
  const { scale, mean, deviation, order } = preprocessing;
  const result = new Float32Array(values.length);
  for (let c = 0; c < channels; c++) {
    const from = order === 'BGR' && channels === 3 ? 2 - c : c;
    const factor = scale / of(deviation, c);
    const offset = of(mean, c) / of(deviation, c);
    for (let at = 0; at + channels <= values.length; at += channels) result[at + c] = values[at + from] * factor - offset;
  }
  return result;
}

function of(perChannel: readonly number[], channel: number): number {
  return perChannel[Math.min(channel, perChannel.length - 1)];
}
