import { permutation, seededRandom } from '../fidelity/random.ts';
import { legible, legibleError } from '../formats/legibleError.ts';
import type { Shape } from '../network/network.ts';
import type { NamedFile } from '../storage/namedFile.ts';
import type { DecodePicture } from './decodePicture.ts';
import { findPictures } from './findPictures.ts';
import type { ImageSet, Split } from './imageSet.ts';
import { readPictureArrays, type PictureArray } from './pictureArrays.ts';
import { classesOfFolders, classesOfNumbers, type Outputs, type PictureClasses } from './pictureClasses.ts';
import { NoReadablePicturesError, PictureShapeError, TooFewPicturesError } from './pictureErrors.ts';
import type { Fit } from './preprocessing.ts';
import { resizePicture } from './resizePicture.ts';

/** Bytes that the pictures of one set may take in memory. */
export const MOST_BYTES = 512 * 1024 * 1024;

/** Halves a set into pictures to calibrate and pictures to measure with; the same for everyone. */
export const SPLIT_SEED = 1;

/** A file that is not in the set, and why. */
export interface SkippedPicture {
  readonly path: string;
  readonly reason: string;
}

export interface OwnPicturesOptions {
  readonly id: string;
  readonly name: string;
  /** What the network takes. */
  readonly shape: Shape;
  readonly outputs: Outputs;
  readonly fit: Fit;
  readonly decode: DecodePicture;
  /** Awaited after each picture; what it throws ends the reading. */
  readonly onPicture?: (done: number, total: number) => Promise<void>;
  readonly mostBytes?: number;
}

/** What `OwnPictures` is made of: one per picture that was read, in the order of their paths. */
interface Contents {
  readonly values: Uint8Array | Float32Array;
  readonly paths: readonly string[];
  readonly classes: PictureClasses;
  readonly skipped: readonly SkippedPicture[];
  readonly leftOut: number;
}

/**
 * A person's own pictures at the size that a network takes, in memory: uint8 for picture files and
 * uint8 arrays, float32 for other arrays. A picture that cannot be read is listed and skipped.
 * A seeded half calibrates, the other half measures, whether they are labelled or not.
 */
export class OwnPictures implements ImageSet {
  readonly id: string;
  readonly name: string;
  readonly classes: readonly string[];
  readonly shape: Shape;
  /** Values are fed to the network as they are: those of a float array. */
  readonly prepared: boolean;
  readonly skipped: readonly SkippedPicture[];
  /** Pictures that would not have fitted into memory. */
  readonly leftOut: number;
  /** Why the pictures count as unlabelled; undefined where they do not. */
  readonly unlabelled: string | undefined;
  readonly #values: Uint8Array | Float32Array;
  readonly #labels: Int32Array | undefined;
  readonly #paths: readonly string[];
  readonly #splits: Readonly<Record<Split, Int32Array>>;

  private constructor({ id, name, shape }: OwnPicturesOptions, { values, paths, classes, skipped, leftOut }: Contents) {
    this.id = id;
    this.name = name;
    this.shape = shape;
    this.classes = classes.classes ?? [];
    this.prepared = values instanceof Float32Array;
    this.skipped = skipped;
    this.leftOut = leftOut;
    this.unlabelled = classes.reason;
    this.#values = values;
    this.#labels = classes.labels;
    this.#paths = paths;
    const order = permutation(paths.length, seededRandom(SPLIT_SEED));
    const half = Math.ceil(paths.length / 2);
    this.#splits = { train: order.slice(0, half), test: order.slice(half) };
  }

  /**
   * Reads picture files, zips of them, or `.npy` arrays.
   *
   * @throws NoReadablePicturesError, TooFewPicturesError, PictureShapeError, PictureZipError, PictureArrayError
   */
  static async read(files: readonly NamedFile[], options: OwnPicturesOptions): Promise<OwnPictures> {
    try {
      return await OwnPictures.#read(files, options);
    } catch (error) {
      throw legibleError(error);
    }
  }

  static async #read(files: readonly NamedFile[], options: OwnPicturesOptions): Promise<OwnPictures> {
    const { pictures, arrays, others } = await findPictures(files);
    if (pictures.length === 0 && arrays.length === 0) throw new NoReadablePicturesError(nothingFound(others));
    const contents =
      pictures.length > 0
        ? await readFiles(pictures, arrays, options)
        : await readArrays(await readPictureArrays(arrays, options.shape), options);
    if (contents.paths.length === 0) {
      const [first] = contents.skipped;
      throw new NoReadablePicturesError(`None of the ${contents.skipped.length} pictures can be read: ${first.path} ${first.reason}.`);
    }
    if (contents.paths.length < 2) throw new TooFewPicturesError(contents.paths.length);
    return new OwnPictures(options, contents);
  }

  count(split: Split): number {
    return this.#splits[split].length;
  }

  async labels(split: Split): Promise<Int32Array | undefined> {
    const labels = this.#labels;
    return labels && this.#splits[split].map((picture) => labels[picture]);
  }

  async pixels(split: Split, indices: ArrayLike<number>): Promise<Uint8Array | Float32Array> {
    const size = sizeOf(this.shape);
    const result = this.prepared ? new Float32Array(indices.length * size) : new Uint8Array(indices.length * size);
    for (let k = 0; k < indices.length; k++) {
      const picture = this.#picture(split, indices[k]);
      result.set(this.#values.subarray(picture * size, (picture + 1) * size), k * size);
    }
    return result;
  }

  /** Where a picture came from. */
  path(split: Split, index: number): string {
    return this.#paths[this.#picture(split, index)];
  }

  calibrationIndices(count: number, seed: number): number[] {
    return [...permutation(this.count('train'), seededRandom(seed)).subarray(0, count)];
  }

  #picture(split: Split, index: number): number {
    const picture = this.#splits[split][index];
    if (picture === undefined) throw new RangeError(`The ${split} split of ${this.name} has no image ${index}.`);
    return picture;
  }
}

async function readFiles(pictures: readonly NamedFile[], arrays: readonly NamedFile[], options: OwnPicturesOptions): Promise<Contents> {
  const { shape, fit, decode, onPicture, outputs } = options;
  const [height, width, channels] = shape;
  if (shape.length !== 3 || (channels !== 1 && channels !== 3)) {
    throw new PictureShapeError(`The network takes ${shape.join(' × ')}, and pictures have three axes and 1 or 3 channels. Give it a .npy array instead.`);
  }
  const size = sizeOf(shape);
  const chosen = withinMemory(pictures.length, size, options);
  const values = new Uint8Array(chosen.length * size);
  const paths: string[] = [];
  const skipped: SkippedPicture[] = arrays.map(({ path }) => ({ path, reason: 'is an array, which is not read beside pictures' }));
  for (const [done, index] of chosen.entries()) {
    const file = pictures[index];
    try {
      const raster = await decode(await file.read());
      store(resizePicture(raster, height, width, fit, 3), channels, values.subarray(paths.length * size, (paths.length + 1) * size));
      paths.push(file.path);
    } catch (error) {
      skipped.push({ path: file.path, reason: legible(error instanceof Error ? error.message : String(error)) });
    }
    await onPicture?.(done + 1, chosen.length);
  }
  return { values: values.subarray(0, paths.length * size), paths, classes: classesOfFolders(paths, outputs), skipped, leftOut: pictures.length - chosen.length };
}

async function readArrays(array: PictureArray, options: OwnPicturesOptions): Promise<Contents> {
  const { shape, fit, onPicture, outputs } = options;
  const size = sizeOf(shape);
  const fits = array.shape.join() === shape.join();
  const [height, width, channels] = shape;
  const alike = array.shape[2] === channels || (array.pixels && (channels === 1 || channels === 3) && (array.shape[2] === 1 || array.shape[2] === 3));
  if (!fits && !alike) {
    throw new PictureShapeError(`${array.path} has ${array.shape[2]} channels, but the network takes ${channels}.`);
  }
  const chosen = withinMemory(array.count, size * (array.pixels ? 1 : 4), options);
  const values = array.pixels ? new Uint8Array(chosen.length * size) : new Float32Array(chosen.length * size);
  const kept: number[] = [];
  const skipped: SkippedPicture[] = [];
  for (const [done, index] of chosen.entries()) {
    const raster = array.picture(index);
    const bad = array.pixels ? undefined : Array.prototype.find.call(raster.values, (value: number) => !Number.isFinite(value));
    const to = values.subarray(kept.length * size, (kept.length + 1) * size);
    if (bad !== undefined) {
      skipped.push({ path: nameOf(array.path, index), reason: `has the value ${bad}` });
    } else {
      const sized = fits ? raster.values : resizePicture(raster, height, width, fit);
      if (fits || array.shape[2] === channels) copy(sized, to);
      else store(raster.channels === 1 ? repeated(sized) : sized, channels, to as Uint8Array);
      kept.push(index);
    }
    await onPicture?.(done + 1, chosen.length);
  }
  const { labels } = array;
  const classes: PictureClasses = labels ? classesOfNumbers(Float64Array.from(kept, (index) => labels[index]), outputs) : { reason: 'No .npy array of labels came with them.' };
  return { values: values.subarray(0, kept.length * size), paths: kept.map((index) => nameOf(array.path, index)), classes, skipped, leftOut: array.count - chosen.length };
}

/** All of `count`, or a seeded sample of as many as fit into memory, ascending. */
function withinMemory(count: number, pictureBytes: number, { mostBytes = MOST_BYTES }: OwnPicturesOptions): readonly number[] {
  const most = Math.floor(mostBytes / pictureBytes);
  if (most >= count) return Array.from({ length: count }, (_, index) => index);
  return [...permutation(count, seededRandom(SPLIT_SEED)).subarray(0, most)].sort((a, b) => a - b);
}

/** RGB as it is, or as grey by ITU-R BT.601 luma, rounded. */
function store(rgb: ArrayLike<number>, channels: number, to: Uint8Array): void {
  if (channels === 3) return copy(rgb, to);
  const grey = Float32Array.from({ length: to.length }, (_, at) => 0.299 * rgb[3 * at] + 0.587 * rgb[3 * at + 1] + 0.114 * rgb[3 * at + 2]);
  copy(grey, to);
}

function copy(values: ArrayLike<number>, to: Uint8Array | Float32Array): void {
  if (to instanceof Float32Array) to.set(values);
  else new Uint8ClampedArray(to.buffer, to.byteOffset, to.length).set(values);
}

function repeated(grey: ArrayLike<number>): Float32Array {
  return Float32Array.from({ length: grey.length * 3 }, (_, at) => grey[Math.floor(at / 3)]);
}

function sizeOf(shape: Shape): number {
  return shape.reduce((product, size) => product * size, 1);
}

function nameOf(path: string, index: number): string {
  return `${path} #${index}`;
}

function nothingFound(others: readonly string[]): string {
  const found = others.length === 0 ? 'There are no files' : `Among ${others.slice(0, 3).join(', ')}${others.length > 3 ? ` and ${others.length - 3} more` : ''} there is no picture`;
  return `${found}. Pictures are PNG, JPEG, WebP, GIF and the like, zips and folders of them, and .npy arrays.`;
}

