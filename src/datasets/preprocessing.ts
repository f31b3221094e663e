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

/** Greatest magnitude of any of the numbers; its inverse is the least that may divide. */
export const LARGEST = 1e6;

/** `crop;1;0;1;RGB`: fit, scale, means, deviations and order, for a link. */
export function encodePreprocessing({ fit, scale, mean, deviation, order }: Preprocessing): string {
  return [fit, short(scale), mean.map(short).join(','), deviation.map(short).join(','), order].join(';');
}

/** Undefined for what `encodePreprocessing` did not write, and for numbers out of range. */
export function decodePreprocessing(text: string): Preprocessing | undefined {
  const [fit, scale, mean, deviation, order, ...more] = text.split(';');
  const found = {
    fit: FITS.find((known) => known === fit),
    scale: numbers(scale, 1 / LARGEST)?.[0],
    mean: numbers(mean, -LARGEST),
    deviation: numbers(deviation, 1 / LARGEST),
    order: CHANNEL_ORDERS.find((known) => known === order),
  };
  const whole = more.length === 0 && Object.values(found).every((value) => value !== undefined) && !scale.includes(',');
  return whole ? (found as Preprocessing) : undefined;
}

/** One to four numbers between `least` and `LARGEST`, parted by commas. */
export function numbers(text: string | undefined, least: number): readonly number[] | undefined {
  const values = text?.split(',').map((part) => (NUMBER.test(part.trim()) ? Number(part) : Number.NaN)) ?? [];
  return values.length >= 1 && values.length <= 4 && values.every((value) => value >= least && value <= LARGEST) ? values : undefined;
}

const NUMBER = /^-?(\d{1,9}(\.\d{0,17})?|\.\d{1,17})(e-?\d{1,3})?$/;

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
