import { encode } from 'fast-png';
import { strToU8, zipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { writeNpy } from '../formats/npy.ts';
import type { NamedFile } from '../storage/namedFile.ts';
import { decodePng } from './decodePicture.ts';
import { bytesOf, PICTURES } from './fixtures/pictures.ts';
import { OwnPictures, type OwnPicturesOptions } from './ownPictures.ts';
import { NoReadablePicturesError, PictureArrayError, PictureShapeError, PictureZipError, TooFewPicturesError } from './pictureErrors.ts';
import { pictureSource } from './pictureSource.ts';
import { AS_THEY_ARE, PRESETS } from './preprocessing.ts';

const options: OwnPicturesOptions = { id: 'mine', name: 'Mine', shape: [4, 4, 3], outputs: { count: 2 }, fit: 'crop', decode: decodePng };

function file(path: string, bytes: Uint8Array): NamedFile {
  return { path, size: bytes.length, read: async () => bytes };
}

/** A 4 × 4 PNG of one colour. */
function plain(r: number, g = r, b = r): Uint8Array {
  return encode({ width: 4, height: 4, channels: 3, depth: 8, data: Uint8Array.from({ length: 48 }, (_, k) => [r, g, b][k % 3]) });
}

/** A float32 .npy. */
function floats(shape: number[], values: ArrayLike<number>): Uint8Array {
  const text = `{'descr': '<f4', 'fortran_order': False, 'shape': (${shape.join(', ')},), }`.padEnd(117) + '\n';
  return new Uint8Array([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, 118, 0, ...strToU8(text), ...new Uint8Array(Float32Array.from(values).buffer)]);
}

/** `count` pictures in folders `cat` and `dog`; picture k is of grey k. */
function folders(count: number, prefix = ''): NamedFile[] {
  return Array.from({ length: count }, (_, k) => file(`${prefix}${k % 2 === 0 ? 'cat' : 'dog'}/${k}.png`, plain(k)));
}

/** All pictures of a set by path: class and first pixel. */
async function contents(set: OwnPictures): Promise<Map<string, { label?: number; pixel: number[]; split: string }>> {
  const found = new Map<string, { label?: number; pixel: number[]; split: string }>();
  for (const split of ['train', 'test'] as const) {
    const labels = await set.labels(split);
    for (let k = 0; k < set.count(split); k++) {
      const pixels = await set.pixels(split, [k]);
      found.set(set.path(split, k), { ...(labels ? { label: labels[k] } : {}), pixel: [...pixels.subarray(0, set.shape[2])], split });
    }
  }
  return found;
}

describe('OwnPictures of files', () => {
  it('halves them by seed: every picture in one split, the same each time, with its class and its pixels', async () => {
    const set = await OwnPictures.read(folders(21), options);
    expect([set.count('train'), set.count('test')]).toEqual([11, 10]);
    expect(set).toMatchObject({ classes: ['cat', 'dog'], shape: [4, 4, 3], skipped: [], leftOut: 0, unlabelled: undefined });
    const found = await contents(set);
    expect(found.size).toBe(21);
    for (let k = 0; k < 21; k++) expect(found.get(`${k % 2 === 0 ? 'cat' : 'dog'}/${k}.png`)).toMatchObject({ label: k % 2, pixel: [k, k, k] });
    expect(await contents(await OwnPictures.read([...folders(21)].reverse(), options))).toEqual(found);
    const chosen = set.calibrationIndices(5, 3);
    expect(new Set(chosen).size).toBe(5);
    expect(set.calibrationIndices(5, 3)).toEqual(chosen);
    expect(set.calibrationIndices(99, 3)).toHaveLength(11);
    await expect(set.pixels('test', [10])).rejects.toThrow(new RangeError('The test split of Mine has no image 10.'));
  });

  it('resizes each to what the network takes, in colour or in grey', async () => {
    const big = bytesOf(PICTURES['rgb.png'].base64);
    const colour = await OwnPictures.read([file('a.png', big), file('b.png', big)], { ...options, shape: [7, 5, 3] });
    expect(await colour.pixels('train', [0])).toHaveLength(105);
    const grey = await OwnPictures.read([file('a.png', plain(200, 100, 50)), file('b.png', plain(0))], { ...options, shape: [2, 2, 1] });
    const found = await contents(grey);
    expect(found.get('a.png')?.pixel).toEqual([Math.round(0.299 * 200 + 0.587 * 100 + 0.114 * 50)]);
  });

  it('skips what cannot be read, says which and why, and takes the rest', async () => {
    const set = await OwnPictures.read([
      ...folders(4), file('cat/torn.png', plain(9).slice(0, 60)), file('dog/photo.jpg', bytesOf(PICTURES['photo.jpg'].base64)), file('cat/empty.png', new Uint8Array(0)),
      { path: 'cat/gone.png', size: 5, read: () => Promise.reject(new Error('could not be read from the disk')) },
      file('readme.txt', strToU8('hello')), file('.DS_Store', new Uint8Array(8)), file('__MACOSX/cat/._0.png', new Uint8Array(8)),
    ], options);
    expect((await contents(set)).size).toBe(4);
    expect(set.skipped).toEqual([
      { path: 'cat/empty.png', reason: 'is empty' },
      { path: 'cat/gone.png', reason: 'could not be read from the disk' },
      { path: 'cat/torn.png', reason: expect.stringMatching(/^is damaged/) },
      { path: 'dog/photo.jpg', reason: expect.stringMatching(/^is a JPEG/) },
    ]);
    expect(set.unlabelled).toBeUndefined();
  });

  it('names the failure where none can be read, where there is none, and where there is one', async () => {
    await expect(OwnPictures.read([file('a.png', new Uint8Array(3)), file('b.png', new Uint8Array(3))], options)).rejects.toThrow(new NoReadablePicturesError('None of the 2 pictures can be read: a.png is no PNG; outside of a browser only PNG is decoded.'));
    await expect(OwnPictures.read([file('a.txt', new Uint8Array(3))], options)).rejects.toBeInstanceOf(NoReadablePicturesError);
    await expect(OwnPictures.read([], options)).rejects.toThrow(/no files/);
    await expect(OwnPictures.read([file('a.png', plain(1))], options)).rejects.toBeInstanceOf(TooFewPicturesError);
    await expect(OwnPictures.read(folders(4), { ...options, shape: [10] })).rejects.toBeInstanceOf(PictureShapeError);
    await expect(OwnPictures.read(folders(4), { ...options, shape: [4, 4, 5] })).rejects.toThrow(/1 or 3 channels/);
  });

  it('stays within the memory that it may take, by a seeded sample', async () => {
    const set = await OwnPictures.read(folders(20), { ...options, mostBytes: 48 * 6 + 10 });
    expect([set.count('train') + set.count('test'), set.leftOut]).toEqual([6, 14]);
  });

  it('reports each picture and stops where it is told to', async () => {
    const told: number[] = [];
    const stop = new Error('stop');
    const onPicture = async (done: number, total: number) => {
      expect(total).toBe(8);
      told.push(done);
      if (done === 3) throw stop;
    };
    await expect(OwnPictures.read(folders(8), { ...options, onPicture })).rejects.toBe(stop);
    expect(told).toEqual([1, 2, 3]);
  });

  it('is fed to a network through its preprocessing', async () => {
    const set = await OwnPictures.read([file('a.png', plain(255, 51, 0)), file('b.png', plain(255, 51, 0))], options);
    const [r, g, b] = await pictureSource(set, 'test', [0], PRESETS.imagenet).read(0, 1);
    expect([r, g, b]).toEqual([(1 - 0.485) / 0.229, (0.2 - 0.456) / 0.224, -0.406 / 0.225].map((value) => expect.closeTo(value, 5)));
    expect([...(await pictureSource(set, 'train', [0, 0], AS_THEY_ARE).read(1, 1)).subarray(0, 3)]).toEqual([255, 51, 0]);
  });
});

const read = (files: NamedFile[], outputs: OwnPicturesOptions['outputs']) => OwnPictures.read(files, { ...options, outputs });

describe('classes', () => {
  it('are the network’s own where folders are named after some of them', async () => {
    const names = ['Bird', 'dog', 'cat', 'fire truck'];
    const set = await read([...folders(4, 'pets/train/'), file('x/FIRE_TRUCK/1.png', plain(7))], { count: 4, names });
    expect(set.classes).toBe(names);
    const found = await contents(set);
    expect(found.get('pets/train/cat/0.png')?.label).toBe(2);
    expect(found.get('pets/train/dog/1.png')?.label).toBe(1);
    expect(found.get('x/FIRE_TRUCK/1.png')?.label).toBe(3);
  });

  it('are numbers of outputs where folders are numbers', async () => {
    const set = await read([file('007/a.png', plain(1)), file('12/b.png', plain(2))], { count: 20 });
    expect([...(await contents(set)).values()].map(({ label = -1 }) => label).sort((a, b) => a - b)).toEqual([7, 12]);
  });

  it.each([
    ['there are no folders', [file('a.png', plain(1)), file('b.png', plain(2))], 2, /No sub-folders/],
    ['some lie in none', [...folders(2), file('b.png', plain(2))], 2, /1 of them lie in no sub-folder/],
    ['folders and outputs differ in number', folders(4), 1000, /2 folders, but the network has 1000 outputs/],
    ['there is one folder', [file('holiday/a.png', plain(1)), file('holiday/b.png', plain(2))], 2, /one folder/],
  ])('are none where %s, and the set says so', async (_, files, count, says) => {
    const set = await read(files, { count });
    expect(set.unlabelled).toMatch(says);
    expect(set.classes).toEqual([]);
    expect(await set.labels('train')).toBeUndefined();
  });
});

describe('OwnPictures of a zip', () => {
  const entries = (count: number) => Object.fromEntries(folders(count).map(({ path }, k) => [path, plain(k)]));

  it('is as one of its files', async () => {
    // more entries than are unpacked at a time
    const zip = zipSync({ ...entries(150), 'notes.txt': strToU8('hello') });
    const zipped = await contents(await OwnPictures.read([file('pets.zip', zip)], options));
    const plainly = await contents(await OwnPictures.read(folders(150), options));
    expect(new Map([...zipped].map(([path, value]) => [path.replace('pets/', ''), value]))).toEqual(plainly);
  });

  it.each([
    ['that leads out of itself', zipSync({ '../../evil.png': plain(1) }), /outside of it/],
    ['with a rooted name', zipSync({ '/etc/evil.png': plain(1) }), /outside of it/],
    ['with a backslash', zipSync({ 'a\\..\\evil.png': plain(1) }), /outside of it/],
    ['cut short', zipSync(entries(3)).slice(0, 300), /not a readable zip/],
    ['that is none', strToU8('PK not a zip at all, although it begins like one'), /not a readable zip/],
  ])('%s is refused', async (_, zip, says) => {
    await expect(OwnPictures.read([file('x.zip', zip)], options)).rejects.toBeInstanceOf(PictureZipError);
    await expect(OwnPictures.read([file('x.zip', zip)], options)).rejects.toThrow(says);
  });

  it('that claims more than is unpacked is refused before anything is', async () => {
    const zip = zipSync({ 'a.png': new Uint8Array(1000) });
    // the directory's uncompressed size of the only entry
    const directory = zip.findLastIndex((_, at) => zip[at] === 0x50 && zip[at + 1] === 0x4b && zip[at + 2] === 1 && zip[at + 3] === 2);
    new DataView(zip.buffer).setUint32(directory + 24, 0xfffffff0, true);
    await expect(OwnPictures.read([file('bomb.zip', zip)], options)).rejects.toThrow(/unpacks to 4295 MB/);
  });

  it('whose entry is damaged is read without it', async () => {
    const zip = zipSync({ 'cat/0.png': plain(1), 'cat/1.png': plain(2), 'dog/2.png': plain(3) }, { level: 0 });
    const second = zip.findIndex((_, at) => String.fromCharCode(...zip.subarray(at, at + 9)) === 'cat/1.png');
    zip.fill(0, second + 12, second + 40);
    const set = await OwnPictures.read([file('x.zip', zip)], options);
    expect(set.skipped.map(({ path }) => path)).toEqual(['x/cat/1.png']);
  });
});

const pixels = (count: number) => Uint8Array.from({ length: count * 48 }, (_, k) => (k * 7) % 256);

describe('OwnPictures of arrays', () => {
  it('takes count × height × width × channels with labels, as bytes', async () => {
    const set = await OwnPictures.read([file('x.npy', writeNpy([6, 4, 4, 3], pixels(6))), file('y.npy', writeNpy([6], Uint8Array.of(1, 0, 1, 0, 0, 1)))], options);
    expect(set).toMatchObject({ prepared: false, classes: ['0', '1'], skipped: [] });
    const found = await contents(set);
    for (let k = 0; k < 6; k++) expect(found.get(`x.npy #${k}`)).toMatchObject({ label: [1, 0, 1, 0, 0, 1][k], pixel: [...pixels(6).subarray(k * 48, k * 48 + 3)] });
  });

  it('finds channels that come first, and a single grey one', async () => {
    const first = await OwnPictures.read([file('x.npy', writeNpy([2, 3, 4, 4], pixels(2)))], options);
    const all = pixels(2);
    expect((await contents(first)).get('x.npy #1')?.pixel).toEqual([all[48], all[64], all[80]]);
    expect(first.unlabelled).toMatch(/No \.npy array of labels/);
    const grey = await OwnPictures.read([file('x.npy', writeNpy([3, 4, 4], pixels(1)))], options);
    expect((await contents(grey)).get('x.npy #0')?.pixel).toEqual([0, 0, 0]);
    expect((await contents(grey)).get('x.npy #1')?.pixel).toEqual([112, 112, 112]);
  });

  it('feeds floats as they are, leaving out what is not finite', async () => {
    const values = Float32Array.from({ length: 4 * 48 }, (_, k) => k / 10 - 3);
    values[60] = Number.NaN;
    const set = await OwnPictures.read([file('x.npy', floats([4, 4, 4, 3], values))], options);
    expect(set).toMatchObject({ prepared: true, skipped: [{ path: 'x.npy #1', reason: 'has the value NaN' }] });
    const at = [0, 1].find((k) => set.path('train', k) === 'x.npy #3') === undefined ? 'test' : 'train';
    const index = [0, 1].find((k) => k < set.count(at) && set.path(at, k) === 'x.npy #3') ?? 0;
    expect(await pictureSource(set, at, [index], PRESETS.imagenet).read(0, 1)).toEqual(values.subarray(144, 192));
  });

  it('takes vectors for a network of vectors', async () => {
    const set = await OwnPictures.read([file('x.npy', floats([3, 5], Float32Array.from({ length: 15 }, (_, k) => k)))], { ...options, shape: [5] });
    expect([...(await set.pixels('train', [0, 1])), ...(await set.pixels('test', [0]))].sort((a, b) => a - b)).toEqual(Array.from({ length: 15 }, (_, k) => k));
  });

  it.each<[string, NamedFile[], RegExp]>([
    ['two stacks of pictures', [file('a.npy', writeNpy([2, 4, 4, 3], pixels(2))), file('b.npy', writeNpy([2, 4, 4, 3], pixels(2)))], /found are a\.npy \(2 × 4 × 4 × 3\), b\.npy/],
    ['labels alone', [file('y.npy', writeNpy([2], Uint8Array.of(0, 1)))], /found are y\.npy \(2\)/],
    ['labels of another number', [file('x.npy', writeNpy([2, 4, 4, 3], pixels(2))), file('y.npy', writeNpy([3], Uint8Array.of(0, 1, 1)))], /3 labels, but x\.npy has 2 pictures/],
    ['no axis of channels', [file('x.npy', writeNpy([2, 6, 4, 4], new Uint8Array(192)))], /no axis counts 1, 3 or 3 channels/],
    ['damaged bytes', [file('x.npy', writeNpy([2, 4, 4, 3], pixels(2)).slice(0, 150))], /x\.npy: The \.npy file/],
  ])('refuses %s', async (_, files, says) => {
    await expect(OwnPictures.read(files, options)).rejects.toBeInstanceOf(PictureArrayError);
    await expect(OwnPictures.read(files, options)).rejects.toThrow(says);
  });

  it('refuses floats of other channels than the network takes, and labels that it has no output for count as none', async () => {
    await expect(OwnPictures.read([file('x.npy', floats([2, 4, 4, 1], new Float32Array(32)))], options)).rejects.toBeInstanceOf(PictureShapeError);
    const set = await OwnPictures.read([file('x.npy', writeNpy([2, 4, 4, 3], pixels(2))), file('y.npy', writeNpy([2], Uint8Array.of(0, 7)))], options);
    expect(set.unlabelled).toMatch(/Label 7 of picture 1 is no output/);
  });
});
