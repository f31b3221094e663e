import { NpyError, readNpy, type NpyArray } from '../formats/npy.ts';
import type { Shape } from '../network/network.ts';
import type { NamedFile } from '../storage/namedFile.ts';
import { PictureArrayError } from './pictureErrors.ts';
import type { Raster } from './resizePicture.ts';

/** Most bytes of one `.npy` file, which is read whole. */
const LARGEST = 1024 * 1024 * 1024;

/** Pictures of an `.npy` array. */
export interface PictureArray {
  readonly path: string;
  readonly count: number;
  /** Of one picture as stored; channels are last, also where the file has them first. */
  readonly shape: Shape;
  /** uint8 values are pixels; all others are fed to the network as they are. */
  readonly pixels: boolean;
  readonly labels?: ArrayLike<number>;
  picture(index: number): Raster;
}

/**
 * The pictures, and where a second array with a number for each of them is there, their labels.
 *
 * Pictures are `count × height × width × channels`, `count × channels × height × width` or
 * `count × height × width`; `channels` (those of the network) and then 1 and 3 tell which axis
 * counts them. Arrays whose samples have exactly the shape `taken` are never taken otherwise.
 *
 * @throws PictureArrayError where they make no data set, naming the file and its shape
 */
export async function readPictureArrays(files: readonly NamedFile[], taken: Shape): Promise<PictureArray> {
  const arrays: { path: string; array: NpyArray }[] = [];
  for (const file of files) arrays.push({ path: file.path, array: await readArray(file) });
  const lists = arrays.filter(({ array: { shape } }) => shape.length === 1 || (shape.length === 2 && shape[1] === 1 && taken.length !== 1));
  const stacks = arrays.filter((entry) => !lists.includes(entry));
  if (stacks.length !== 1) {
    const found = arrays.map(({ path, array }) => `${path} (${array.shape.join(' × ')})`).join(', ');
    throw new PictureArrayError(`One .npy array of pictures is wanted, and at most one of labels beside it; found are ${found}.`);
  }
  const [{ path, array }] = stacks;
  const [count] = array.shape;
  if (lists.length > 1) throw new PictureArrayError(`There are ${lists.length} .npy arrays of labels (${lists.map((entry) => entry.path).join(', ')}); one is the most.`);
  const labels = lists.at(0);
  if (labels && labels.array.values.length !== count) {
    throw new PictureArrayError(`${labels.path} has ${labels.array.values.length} labels, but ${path} has ${count} pictures.`);
  }
  const { height, width, channels, at } = layoutOf(path, array, taken);
  const size = height * width * channels;
  return {
    path,
    count,
    shape: taken.length === 3 ? [height, width, channels] : array.shape.slice(1),
    pixels: array.type === 'u1',
    ...(labels ? { labels: labels.array.values } : {}),
    picture: (index) => {
      const values = new Float32Array(size);
      for (let place = 0; place < size; place++) values[place] = array.values[index * size + at(place)];
      return { width, height, channels, values };
    },
  };
}

interface Layout {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  /** Where in a stored sample the value lies that comes at this place of a picture with channels last. */
  readonly at: (place: number) => number;
}

const asStored = (place: number) => place;

function layoutOf(path: string, { shape: [, ...sample] }: NpyArray, taken: Shape): Layout {
  if (taken.length !== 3) {
    if (sample.join() !== taken.join()) throw new PictureArrayError(`${path} holds samples of ${sample.join(' × ')}, but the network takes ${taken.join(' × ')}.`);
    return { height: 1, width: 1, channels: sample.reduce((product, size) => product * size, 1), at: asStored };
  }
  const [a, b, c] = sample;
  if (sample.length === 2) return { height: a, width: b, channels: 1, at: asStored };
  if (sample.length !== 3) throw new PictureArrayError(`${path} has shape count × ${sample.join(' × ')}; pictures are count × height × width × channels.`);
  const last = { height: a, width: b, channels: c, at: asStored };
  const first = { height: b, width: c, channels: a, at: (place: number) => (place % a) * b * c + Math.floor(place / a) };
  const wanted = [taken[2], 1, 3];
  for (const channels of wanted) {
    if (c === channels) return last;
    if (a === channels) return first;
  }
  throw new PictureArrayError(`${path} has shape count × ${sample.join(' × ')}, in which no axis counts 1, 3 or ${taken[2]} channels.`);
}

async function readArray(file: NamedFile): Promise<NpyArray> {
  if (file.size > LARGEST) throw new PictureArrayError(`${file.path} has ${Math.round(file.size / 1e6)} MB; ${Math.round(LARGEST / 1e6)} MB is the most for one array. Save fewer pictures.`);
  try {
    const array = readNpy(await file.read());
    if (array.shape.length === 0 || array.values.length === 0) throw new PictureArrayError(`${file.path} is an empty array.`);
    return array;
  } catch (error) {
    throw error instanceof NpyError ? new PictureArrayError(`${file.path}: ${error.message}`, { cause: error }) : error;
  }
}
