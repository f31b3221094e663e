import { readFile } from 'node:fs/promises';
import { decode, encode } from 'fast-png';
import { describe, expect, it } from 'vitest';
import { DataFileError, PackedImages } from './packedImages.ts';

const folder = new URL('../../public/data/cifar10/', import.meta.url);

/** The shipped folder, and every file that was asked for. */
async function shipped() {
  const fetched: string[] = [];
  const images = await PackedImages.open(async (file) => {
    fetched.push(file);
    return new Uint8Array(await readFile(new URL(file, folder)));
  });
  return { images, fetched };
}

/** A small folder in memory: 3 × 2 tiles of 4 × 2 pixels, 8 training and 3 test images, every value its own. */
function smallFolder() {
  const [columns, rows, width, height] = [3, 2, 2, 4];
  const pixel = (image: number, y: number, x: number, c: number) => (image * 24 + (y * width + x) * 3 + c) % 251;
  const sheet = (first: number, count: number) => {
    const data = new Uint8Array(columns * width * rows * height * 3);
    for (let k = 0; k < count; k++) {
      for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) for (let c = 0; c < 3; c++) {
        const [top, left] = [Math.floor(k / columns) * height, (k % columns) * width];
        data[((top + y) * columns * width + left + x) * 3 + c] = pixel(first + k, y, x, c);
      }
    }
    return encode({ width: columns * width, height: rows * height, data, channels: 3, depth: 8 });
  };
  const index = {
    id: 'small', name: 'Small', classes: ['a', 'b'], image: { height, width, channels: 3 }, tiles: { columns, rows },
    splits: {
      train: { count: 8, sheets: [{ file: 'train-0.png', count: 6 }, { file: 'train-1.png', count: 2 }], labels: 'train.bin' },
      test: { count: 3, sheets: [{ file: 'test-0.png', count: 3 }], labels: 'test.bin' },
    },
  };
  const files = new Map<string, Uint8Array>([
    ['index.json', new TextEncoder().encode(JSON.stringify(index))],
    ['train-0.png', sheet(0, 6)], ['train-1.png', sheet(6, 2)], ['test-0.png', sheet(100, 3)],
    ['train.bin', Uint8Array.of(0, 1, 0, 1, 0, 1, 0, 1)], ['test.bin', Uint8Array.of(1, 0, 1)],
  ]);
  const read = async (file: string) => {
    const bytes = files.get(file);
    if (!bytes) throw new Error(`404 ${file}`);
    return bytes;
  };
  const image = (at: number) => Array.from({ length: 24 }, (_, k) => pixel(at, Math.floor(k / 6), Math.floor(k / 3) % 2, k % 3));
  return { files, read, index, image };
}

describe('PackedImages', () => {
  it('cuts every tile out of its sheet, in the order asked for', async () => {
    const { read, image } = smallFolder();
    const images = await PackedImages.open(read);
    expect(images).toMatchObject({ id: 'small', name: 'Small', classes: ['a', 'b'], shape: [4, 2, 3] });
    const order = [7, 0, 5, 6, 2, 2];
    expect([...(await images.pixels('train', order))]).toEqual(order.flatMap(image));
    expect([...(await images.pixels('test', [2, 1]))]).toEqual([102, 101].flatMap(image));
    expect([...(await images.labels('train'))]).toEqual([0, 1, 0, 1, 0, 1, 0, 1]);
    expect([images.count('train'), images.count('test')]).toEqual([8, 3]);
  });

  it('as a source reads batches of the chosen images as floats', async () => {
    const { read, image } = smallFolder();
    const source = (await PackedImages.open(read)).source('train', [7, 1, 3]);
    expect(source).toMatchObject({ count: 3, shape: [4, 2, 3] });
    expect(await source.read(1, 2)).toEqual(Float32Array.from([...image(1), ...image(3)]));
  });

  it('has the shipped test images as whole-sheet slicing has them, and 10,000 labels, 1,000 a class', async () => {
    const { images } = await shipped();
    const wanted = [0, 41, 999, 1000, 9999];
    const pixels = await images.pixels('test', wanted);
    for (const [k, index] of wanted.entries()) {
      const sheet = decode(await readFile(new URL(`test-0${Math.floor(index / 1000)}.png`, folder)));
      const tile = index % 1000;
      const expected: number[] = [];
      for (let y = 0; y < 32; y++) for (let x = 0; x < 32; x++) for (let c = 0; c < 3; c++) {
        expected.push(sheet.data[((Math.floor(tile / 40) * 32 + y) * 1280 + (tile % 40) * 32 + x) * 3 + c]);
      }
      expect([...pixels.subarray(k * 3072, (k + 1) * 3072)]).toEqual(expected);
    }
    const labels = await images.labels('test');
    expect(labels).toHaveLength(10_000);
    for (let c = 0; c < 10; c++) expect(labels.filter((label) => label === c)).toHaveLength(1000);
    expect((await images.labels('train')).length).toBe(images.count('train'));
    expect(images.count('train')).toBeGreaterThanOrEqual(5000);
  });

  it('fetches a sheet only when a picture of it is needed, and once', async () => {
    const { images, fetched } = await shipped();
    expect(fetched).toEqual(['index.json']);
    await Promise.all([images.pixels('test', [1500]), images.pixels('test', [1501, 1999])]);
    await images.pixels('test', [1000]);
    expect(fetched).toEqual(['index.json', 'test-01.png']);
  });

  it('chooses calibration images by seed alone: distinct, reproducible, from one sheet where one holds them', async () => {
    const { images, fetched } = await shipped();
    for (const count of [1, 64, 1000, 1001, 5000]) {
      const chosen = images.calibrationIndices(count, 9);
      expect(chosen).toEqual(images.calibrationIndices(count, 9));
      expect(new Set(chosen).size).toBe(count);
      expect(chosen.every((index) => Number.isInteger(index) && index >= 0 && index < images.count('train'))).toBe(true);
      expect(new Set(chosen.map((index) => Math.floor(index / 1000))).size).toBe(Math.ceil(count / 1000));
    }
    expect(images.calibrationIndices(64, 1)).not.toEqual(images.calibrationIndices(64, 2));
    expect(images.calibrationIndices(9999, 1)).toHaveLength(images.count('train'));
    expect(fetched).toEqual(['index.json']);
  });

  it('says which image a split does not have', async () => {
    const images = await PackedImages.open(smallFolder().read);
    for (const index of [3, -1, 1e9]) {
      await expect(images.pixels('test', [0, index])).rejects.toThrow(new RangeError(`The test split of Small has no image ${index}.`));
    }
  });
});

type Index = ReturnType<typeof smallFolder>['index'] & Record<string, unknown>;

/** The small folder with another index. */
function openChanged(change: (index: Index) => unknown): Promise<PackedImages> {
  const { files, index } = smallFolder();
  files.set('index.json', new TextEncoder().encode(JSON.stringify(change(structuredClone(index)))));
  return PackedImages.open(async (file) => files.get(file) ?? new Uint8Array());
}

describe('a damaged data folder', () => {
  it.each<[string, (index: Index) => unknown]>([
    ['is not an object', () => 3],
    ['lacks a split', ({ splits: { train }, ...rest }) => ({ ...rest, splits: { train } })],
    ['has grey pictures', (index) => ({ ...index, image: { ...index.image, channels: 1 } })],
    ['counts with a string', (index) => ({ ...index, splits: { ...index.splits, test: { ...index.splits.test, count: '3' } } })],
    ['has sheets for fewer images than it counts', (index) => ({ ...index, splits: { ...index.splits, test: { ...index.splits.test, count: 4 } } })],
    ['has more images on a sheet than there are tiles', (index) => ({ ...index, splits: { ...index.splits, test: { ...index.splits.test, count: 7, sheets: [{ file: 'test-0.png', count: 7 }] } } })],
  ])('whose index %s is refused when it is opened', async (_, change) => {
    await expect(openChanged(change)).rejects.toBeInstanceOf(DataFileError);
    await expect(openChanged(change)).rejects.toThrow(/index\.json/);
  });

  it('whose index is not JSON is refused', async () => {
    await expect(PackedImages.open(async () => new TextEncoder().encode('<html>'))).rejects.toBeInstanceOf(DataFileError);
  });

  it('whose labels are too few is refused, with both counts', async () => {
    const { files, read } = smallFolder();
    files.set('test.bin', Uint8Array.of(1, 0));
    const images = await PackedImages.open(read);
    await expect(images.labels('test')).rejects.toThrow(new DataFileError('test.bin holds 2 labels, expected 3.'));
  });

  it('whose sheet is cut short, no PNG, or of another size or depth is refused, naming the file', async () => {
    const { files, read } = smallFolder();
    const whole = files.get('test-0.png') ?? new Uint8Array();
    const damaged = [
      whole.slice(0, whole.length >> 1),
      new Uint8Array(0),
      new TextEncoder().encode('<!doctype html>'),
      encode({ width: 4, height: 8, data: new Uint8Array(96), channels: 3, depth: 8 }),
      encode({ width: 6, height: 8, data: new Uint8Array(192), channels: 4, depth: 8 }),
      encode({ width: 6, height: 8, data: new Uint16Array(144), channels: 3, depth: 16 }),
    ];
    for (const bytes of damaged) {
      files.set('test-0.png', bytes);
      const images = await PackedImages.open(read);
      await expect(images.pixels('test', [0])).rejects.toBeInstanceOf(DataFileError);
      await expect(images.pixels('test', [0])).rejects.toThrow(/test-0\.png/);
    }
  });

  it('that could not be fetched once is asked again', async () => {
    const { read, image } = smallFolder();
    let offline = false;
    const images = await PackedImages.open((file) => (offline ? Promise.reject(new Error('offline')) : read(file)));
    offline = true;
    await expect(images.pixels('test', [0])).rejects.toThrow('offline');
    await expect(images.labels('test')).rejects.toThrow('offline');
    offline = false;
    expect([...(await images.pixels('test', [0]))]).toEqual(image(100));
    expect([...(await images.labels('test'))]).toEqual([1, 0, 1]);
  });
});
