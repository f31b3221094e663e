import { decode } from 'fast-png';
import { z } from 'zod/mini';
import { permutation, seededRandom } from '../fidelity/random.ts';
import type { ImageSet, PictureSource, Split } from './imageSet.ts';

const split = z.readonly(z.object({
  count: z.int().check(z.nonnegative()),
  sheets: z.array(z.object({ file: z.string(), count: z.int().check(z.positive()) })),
  labels: z.string(),
}));

const packedIndex = z.object({
  id: z.string(),
  name: z.string(),
  classes: z.array(z.string()),
  image: z.object({ height: z.int(), width: z.int(), channels: z.literal(3) }),
  tiles: z.object({ columns: z.int(), rows: z.int() }),
  splits: z.object({ train: split, test: split }),
});

export type { Split };

/** Thrown where a data folder's files are not what its index says. */
export class DataFileError extends Error {
  override readonly name = 'DataFileError';
}

/**
 * A folder of labelled pictures as PNG sheets of equal tiles, fetched and decoded only as they
 * are needed. `index.json` names the sheets, the tile grid and one label file (a byte an image)
 * for each split.
 */
export class PackedImages implements ImageSet {
  readonly id: string;
  readonly name: string;
  readonly classes: readonly string[];
  /** `[height, width, channels]` of one image; values are 0–255. */
  readonly shape: readonly [number, number, number];
  readonly #index: z.infer<typeof packedIndex>;
  readonly #fetch: (file: string) => Promise<Uint8Array>;
  readonly #sheets = new Map<string, Promise<Uint8Array>>();
  readonly #labels = new Map<Split, Promise<Uint8Array>>();

  private constructor(index: z.infer<typeof packedIndex>, fetchFile: (file: string) => Promise<Uint8Array>) {
    this.#index = index;
    this.#fetch = fetchFile;
    this.id = index.id;
    this.name = index.name;
    this.classes = index.classes;
    this.shape = [index.image.height, index.image.width, index.image.channels];
  }

  /**
   * Reads the folder's index. `fetchFile` returns the bytes of a file in the folder.
   *
   * @throws DataFileError where `index.json` is not an index
   */
  static async open(fetchFile: (file: string) => Promise<Uint8Array>): Promise<PackedImages> {
    const text = new TextDecoder().decode(await fetchFile('index.json'));
    const parsed = z.safeParse(packedIndex, parseJson(text));
    if (!parsed.success) {
      throw new DataFileError(`index.json does not describe a data folder: ${z.prettifyError(parsed.error)}`);
    }
    checkCounts(parsed.data);
    return new PackedImages(parsed.data, fetchFile);
  }

  count(name: Split): number {
    return this.#index.splits[name].count;
  }

  /** The class of each image of a split. @throws DataFileError */
  async labels(name: Split): Promise<Uint8Array> {
    const known = this.#labels.get(name);
    if (known) return known;
    const { labels, count } = this.#index.splits[name];
    if (count === 0) return new Uint8Array(); // such a split names no file
    const reading = this.#fetch(labels).then((bytes) => {
      if (bytes.length !== count) throw new DataFileError(`${labels} holds ${bytes.length} labels, expected ${count}.`);
      return bytes;
    });
    return remember(this.#labels, name, reading);
  }

  /** Images of a split by index, `indices.length × height × width × 3`, row-major, 0–255. @throws DataFileError, RangeError */
  async pixels(name: Split, indices: ArrayLike<number>): Promise<Uint8Array> {
    const [height, width, channels] = this.shape;
    const size = height * width * channels;
    const { columns } = this.#index.tiles;
    const result = new Uint8Array(indices.length * size);
    for (let k = 0; k < indices.length; k++) {
      const { file, tile } = this.#locate(name, indices[k]);
      const sheet = await this.#sheet(file);
      const rowBytes = columns * width * channels;
      let from = Math.floor(tile / columns) * height * rowBytes + (tile % columns) * width * channels;
      for (let row = 0; row < height; row++, from += rowBytes) {
        result.set(sheet.subarray(from, from + width * channels), k * size + row * width * channels);
      }
    }
    return result;
  }

  /** Images of a split by index, in that order, as a source of float32 batches. */
  source(name: Split, indices: ArrayLike<number>): PictureSource {
    return {
      count: indices.length,
      shape: this.shape,
      read: async (first, count) =>
        Float32Array.from(await this.pixels(name, Array.from({ length: count }, (_, k) => indices[first + k]))),
    };
  }

  /**
   * `count` training images chosen by `seed`, never by label. They are drawn from as few sheets
   * as hold them, so that a small calibration fetches one.
   */
  calibrationIndices(count: number, seed: number): number[] {
    const random = seededRandom(seed);
    const { sheets } = this.#index.splits.train;
    const firsts = sheets.map((_, at) => sheets.slice(0, at).reduce((sum, sheet) => sum + sheet.count, 0));
    const indices: number[] = [];
    for (const at of permutation(sheets.length, random)) {
      if (indices.length >= count) break;
      const chosen = permutation(sheets[at].count, random).subarray(0, count - indices.length);
      indices.push(...Array.from(chosen, (k) => firsts[at] + k));
    }
    return indices;
  }

  #locate(name: Split, index: number): { file: string; tile: number } {
    let tile = index;
    for (const { file, count } of this.#index.splits[name].sheets) {
      if (tile >= 0 && tile < count) return { file, tile };
      tile -= count;
    }
    throw new RangeError(`The ${name} split of ${this.name} has no image ${index}.`);
  }

  #sheet(file: string): Promise<Uint8Array> {
    const known = this.#sheets.get(file);
    if (known) return known;
    const { tiles, image } = this.#index;
    const reading = this.#fetch(file).then((bytes) => {
      const { width, height, channels, depth, data } = decodePng(file, bytes);
      const fits = width === tiles.columns * image.width && height === tiles.rows * image.height;
      if (!fits || channels !== 3 || depth !== 8 || !(data instanceof Uint8Array)) {
        throw new DataFileError(`${file} is ${width} × ${height} × ${channels}, ${depth} bit: not the sheet that the index describes.`);
      }
      return data;
    });
    return remember(this.#sheets, file, reading);
  }
}

/** Caches a promise, but not its failure: the next call tries again. */
function remember<K, V>(cache: Map<K, Promise<V>>, key: K, value: Promise<V>): Promise<V> {
  cache.set(key, value);
  value.catch(() => cache.delete(key));
  return value;
}

/** @throws DataFileError where the sheets cannot hold what the index counts */
function checkCounts({ tiles, splits }: z.infer<typeof packedIndex>): void {
  for (const [name, { count, sheets }] of Object.entries(splits)) {
    const full = sheets.find((sheet) => sheet.count > tiles.columns * tiles.rows);
    if (full) throw new DataFileError(`index.json: ${full.file} cannot hold ${full.count} images in ${tiles.columns} × ${tiles.rows} tiles.`);
    const held = sheets.reduce((sum, sheet) => sum + sheet.count, 0);
    if (held !== count) throw new DataFileError(`index.json: the ${name} split counts ${count} images, but its sheets hold ${held}.`);
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function decodePng(file: string, bytes: Uint8Array): ReturnType<typeof decode> {
  try {
    return decode(bytes);
  } catch (error) {
    throw new DataFileError(`${file} is not a readable PNG: ${error instanceof Error ? error.message : String(error)}`);
  }
}
