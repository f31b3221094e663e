import type { Random } from '../../fidelity/random.ts';
import type { Shape } from '../../network/network.ts';
import type { PictureSource } from '../imageSet.ts';
import { preprocess, type Preprocessing } from '../preprocessing.ts';
import { pictureRandom } from './pictureRandom.ts';
import { madeShape, SyntheticShapeError, type MadeShape } from './pictureShape.ts';

/** What is to be made. */
export interface PictureOrder {
  readonly count: number;
  /** `[height, width, channels]`, 1 or 3 channels. */
  readonly shape: Shape;
  readonly seed: number;
}

/** Pictures with values 0–255; `read` gives them as they are. */
export interface SyntheticPictures extends PictureSource {
  /** Picture `index`, row-major, channels last (RGB). The caller does not change it. */
  pixels(index: number): Uint8Array;
}

/** Draws one picture, row-major, channels last; values beyond 0–255 are clipped. */
export type Draw = (random: Random, shape: MadeShape) => ArrayLike<number>;

/** Bytes of drawn pictures that a source keeps: calibration reads them more than once. */
const KEPT_BYTES = 64 * 2 ** 20;

/**
 * Pictures drawn when they are read. Picture k depends on seed and k alone, so the first hundred of a
 * thousand are the hundred of the same seed.
 *
 * @throws SyntheticShapeError
 */
export function syntheticPictures(draw: Draw, { count, shape, seed }: PictureOrder): SyntheticPictures {
  const made = madeShape(shape);
  if (!Number.isSafeInteger(count) || count < 1) throw new SyntheticShapeError(`${count} pictures cannot be made: the number is a whole one from 1 on.`);
  const size = made[0] * made[1] * made[2];
  const kept = new Map<number, Uint8Array>();
  const pixels = (index: number): Uint8Array => {
    if (!(index >= 0 && index < count)) throw new RangeError(`There is no picture ${index}, only ${count}.`);
    const known = kept.get(index);
    if (known) return known;
    const drawn = Uint8Array.from(Uint8ClampedArray.from(draw(pictureRandom(seed, index), made)));
    if ((kept.size + 1) * size <= KEPT_BYTES) kept.set(index, drawn);
    return drawn;
  };
  return { count, shape: made, pixels, read: async (first, images) => joined(Array.from({ length: images }, (_, k) => pixels(first + k)), size) };
}

/** Pictures of values 0–255 as the network takes them. */
export function preprocessed(pictures: PictureSource, preprocessing: Preprocessing): PictureSource {
  const channels = pictures.shape[pictures.shape.length - 1];
  return { ...pictures, read: async (first, count) => preprocess(await pictures.read(first, count), channels, preprocessing) };
}

function joined(pictures: readonly Uint8Array[], size: number): Float32Array {
  const values = new Float32Array(pictures.length * size);
  pictures.forEach((own, k) => values.set(own, k * size));
  return values;
}
