import type { CalibrationSource, MadeSet, SourceKind } from './calibrationSource.ts';
import type { ImageSet, PictureSource } from './imageSet.ts';
import { preprocess, type Preprocessing } from './preprocessing.ts';
import { expectedPixels } from './synthetic/expectedPixels.ts';
import { mixture, secondsAmong } from './synthetic/mixture.ts';
import { isProcedural, proceduralPictures } from './synthetic/proceduralPictures.ts';
import type { Network, Shape } from '../network/network.ts';

/** Pictures that were drawn from a source, as the network takes them. */
export interface DrawnPictures extends PictureSource {
  /** One picture as it is stored: 0–255 for pixels. */
  stored(index: number): Promise<Uint8Array | Float32Array>;
  /** The class of each, counted as the network's outputs; undefined where nobody said. */
  labels(): Promise<readonly number[] | undefined>;
}

/** `images` of a source by a seed, or all that there are; the first hundred of a thousand are the hundred of the same seed. */
export type CalibrationDraw = (images: number, seed: number) => DrawnPictures;

/** What sources draw from. */
export interface DrawSetting {
  readonly network: Network;
  readonly inputShape: Shape;
  /** Values of the network's output: the classes that labels must be of. */
  readonly outputs: number;
  readonly preprocessing: Preprocessing;
  readonly pictures: () => ImageSet;
  /** Pictures that were made from the network. @throws where there are none */
  readonly inversion: (made: MadeSet | undefined) => Promise<ImageSet>;
}

/** Calibration pictures of any source. @throws what opening the source fails with */
export async function calibrationDraw(setting: DrawSetting, { kind, mix, made }: CalibrationSource): Promise<CalibrationDraw> {
  const first = await drawOfKind(setting, kind, made);
  if (!mix) return first;
  const second = await drawOfKind(setting, mix.kind, made);
  return (images, seed) => mixed([first(images, seed), second(images, seed)], mix.share, images, seed);
}

async function drawOfKind(setting: DrawSetting, kind: SourceKind, made: MadeSet | undefined): Promise<CalibrationDraw> {
  const { network, inputShape: shape, preprocessing, outputs } = setting;
  if (isProcedural(kind)) {
    const expected = expectedPixels(network, preprocessing);
    return (images, seed) => {
      const pictures = proceduralPictures(kind, { count: images, shape, seed }, expected);
      return {
        count: images,
        shape,
        read: async (from, count) => preprocess(await pictures.read(from, count), shape[2], preprocessing),
        stored: async (index) => pictures.pixels(index),
        labels: async () => undefined,
      };
    };
  }
  const set = kind === 'inversion' ? await setting.inversion(made) : setting.pictures();
  return (images, seed) => ofSet(set, set.calibrationIndices(Math.min(images, set.count('train')), seed), preprocessing, outputs);
}

/** Training pictures of a set by index, in that order. */
export function ofSet(set: ImageSet, indices: readonly number[], preprocessing: Preprocessing, outputs: number): DrawnPictures {
  return {
    count: indices.length,
    shape: set.shape,
    read: async (from, count) => {
      const values = await set.pixels('train', indices.slice(from, from + count));
      return values instanceof Float32Array ? values : preprocess(values, set.shape[set.shape.length - 1], preprocessing);
    },
    stored: (index) => set.pixels('train', [indices[index]]),
    labels: async () => {
      const known = set.classes.length === outputs ? await set.labels('train') : undefined;
      return known && indices.map((index) => known[index]);
    },
  };
}

/** Some of the pictures, by their places. */
export function picked(pictures: PictureSource, places: readonly number[]): PictureSource {
  const size = pictures.shape.reduce((product, axis) => product * axis, 1);
  return {
    count: places.length,
    shape: pictures.shape,
    read: async (from, count) => {
      const values = new Float32Array(count * size);
      for (let k = 0; k < count; k++) values.set(await pictures.read(places[from + k], 1), k * size);
      return values;
    },
  };
}

/** Drawn pictures as they are stored, 0–255 for pixels: what shifts are applied to. */
export function asStored(pictures: DrawnPictures): PictureSource {
  const size = pictures.shape.reduce((product, axis) => product * axis, 1);
  return {
    count: pictures.count,
    shape: pictures.shape,
    read: async (from, count) => {
      const values = new Float32Array(count * size);
      for (let k = 0; k < count; k++) values.set(await pictures.stored(from + k), k * size);
      return values;
    },
  };
}

function mixed(sources: readonly [DrawnPictures, DrawnPictures], share: number, images: number, seed: number): DrawnPictures {
  const blend = mixture(sources, share, mostMixed(sources, share, images, seed), seed);
  return {
    count: blend.count,
    shape: blend.shape,
    read: (from, count) => blend.read(from, count),
    stored: (index) => {
      const place = blend.origin(index);
      return sources[place.source].stored(place.index);
    },
    labels: async () => {
      const known = await Promise.all(sources.map((source) => source.labels()));
      return known.every((labels) => labels !== undefined) ? Array.from({ length: blend.count }, (_, k) => placeIn(known, blend.origin(k))) : undefined;
    },
  };
}

function placeIn(labels: readonly (readonly number[])[], { source, index }: { readonly source: 0 | 1; readonly index: number }): number {
  return labels[source][index];
}

/** As many as both sources have pictures for, up to `images`. */
function mostMixed([first, second]: readonly [DrawnPictures, DrawnPictures], share: number, images: number, seed: number): number {
  let count = images;
  for (; count > 1; count--) {
    const seconds = secondsAmong(count, share, seed);
    if (seconds <= second.count && count - seconds <= first.count) break;
  }
  return count;
}
