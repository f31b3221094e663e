import { isDeepStrictEqual } from 'node:util';
import { encode } from 'fast-png';
import { zlibSync } from 'fflate';
import { decodePng } from '../../../datasets/decodePicture.ts';
import { bytesOf, PICTURES } from '../../../datasets/fixtures/pictures.ts';
import { OwnPictures } from '../../../datasets/ownPictures.ts';
import { pictureHeader } from '../../../datasets/pictureHeader.ts';
import type { NamedFile } from '../../../storage/namedFile.ts';
import { writeNpy } from '../../npy.ts';
import { Dice } from '../dice.ts';
import type { FuzzCase, FuzzFamily } from '../fuzzCase.ts';
import { cuts, joined, mutateBytes } from '../mutators/bytes.ts';
import { mutateZip, overlapping, packed, renamed, withZip64 } from '../mutators/zip.ts';
import { faultInMessage } from '../namedErrors.ts';
import { encoded, NOT_FINITE } from './sources.ts';

/**
 * - `refused`: the whole set
 * - `same`: refused, or every picture that is in the set is as in the sound one
 * - `anyPictures`: refused, or a set whose pictures have the shape and the values that they must
 */
type Expectation = 'refused' | 'same' | 'anyPictures';
type Files = Readonly<Record<string, Uint8Array>>;

/** Pictures: files, zips and arrays of them, and the headers of every kind. */
export const pictureFiles: FuzzFamily = {
  async cases(seed) {
    const folder: Files = Object.fromEntries(Array.from({ length: 6 }, (_, k) => [`${k % 2 === 0 ? 'cat' : 'dog'}/${k}.png`, picture(k)]));
    const sound = await contents(await read(folder));
    const zip = packed(folder, 0);
    const array = writeNpy([4, 4, 4, 3], Uint8Array.from({ length: 192 }, (_, k) => k));
    const arrays: Files = { 'x.npy': array, 'y.npy': floats([4], [0, 1, 1, 0]) };
    const soundArrays = await contents(await read(arrays));
    const dice = (k: number): Dice => new Dice(seed * 1000 + k);
    const times = <T>(count: number, make: (k: number) => T): readonly T[] => Array.from({ length: count }, (_, k) => make(k));
    return [
      ...Object.entries(PICTURES).flatMap(([name, { base64 }], k) => headers(name, bytesOf(base64), dice(k))),
      ...cuts(folder['cat/0.png'], 20).map((length) => caseOf(`a picture cut to ${length} bytes`, 'same', sound, () => ({ ...folder, 'cat/0.png': folder['cat/0.png'].slice(0, length) }))),
      ...times(80, (k) => {
        const { name, bytes } = mutateBytes(folder['cat/0.png'], dice(100 + k));
        return caseOf(`a picture: ${name}`, 'same', sound, () => ({ ...folder, 'cat/0.png': bytes }));
      }),
      ...cuts(zip, 20).map((length) => caseOf(`a zip cut to ${length} bytes`, 'same', sound, () => ({ 'p.zip': zip.slice(0, length) }), 'p/')),
      ...times(60, (k) => {
        const { name, bytes } = mutateBytes(zip, dice(200 + k));
        return caseOf(`a zip: ${name}`, 'same', sound, () => ({ 'p.zip': bytes }), 'p/');
      }),
      ...times(80, (k) => {
        const { name, bytes } = mutateZip(zip, dice(300 + k));
        return caseOf(`a zip: ${name}`, 'same', sound, () => ({ 'p.zip': bytes }), 'p/');
      }),
      ...zips(folder, zip, sound),
      ...bombs(folder, sound),
      ...cuts(array, 16).map((length) => caseOf(`an array cut to ${length} bytes`, 'refused', soundArrays, () => ({ ...arrays, 'x.npy': array.slice(0, length) }))),
      ...times(80, (k) => {
        const { name, bytes } = mutateBytes(array.slice(0, 128), dice(400 + k));
        return caseOf(`an array's header: ${name}`, 'anyPictures', soundArrays, () => ({ ...arrays, 'x.npy': joined(bytes, array.subarray(128)) }));
      }),
      ...arrayHeaders(arrays, soundArrays),
    ];
  },
};

const SHAPE = [4, 4, 3];
const SIZE = 48;

/** A 4 × 4 PNG, each pixel of another colour. */
function picture(seed: number): Uint8Array {
  return Uint8Array.from(encode({ width: 4, height: 4, channels: 3, depth: 8, data: Uint8Array.from({ length: SIZE }, (_, k) => (k * 37 + seed * 11) % 256) }));
}

function read(files: Files): Promise<OwnPictures> {
  const named = Object.entries(files).map(([path, bytes]): NamedFile => ({ path, size: bytes.length, read: async () => bytes }));
  return OwnPictures.read(named, { id: 'mine', name: 'Mine', shape: SHAPE, outputs: { count: 2 }, fit: 'crop', decode: decodePng });
}

interface Entry {
  readonly pixels: readonly number[];
  readonly label: number | undefined;
}

/** By path. */
async function contents(set: OwnPictures): Promise<ReadonlyMap<string, Entry>> {
  const found = new Map<string, Entry>();
  for (const split of ['train', 'test'] as const) {
    const labels = await set.labels(split);
    for (let k = 0; k < set.count(split); k++) found.set(set.path(split, k), { pixels: [...(await set.pixels(split, [k]))], label: labels?.[k] });
  }
  return found;
}

function caseOf(name: string, expect: Expectation, sound: ReadonlyMap<string, Entry>, files: () => Files, prefix = ''): FuzzCase {
  return {
    name: `${name} (${expect})`,
    make: () => {
      const made = files();
      return { open: () => read(made), faultIn: (opened) => faultIn(opened as OwnPictures, expect, sound, prefix) };
    },
  };
}

async function faultIn(set: OwnPictures, expect: Expectation, sound: ReadonlyMap<string, Entry>, prefix: string): Promise<string | undefined> {
  if (expect === 'refused') return 'opened, though the damage must be noticed';
  for (const { path, reason } of set.skipped) {
    const fault = faultInMessage(reason);
    if (fault) return `skips ${JSON.stringify(path.slice(0, 100))} for a reason that ${fault}: ${JSON.stringify(reason.slice(0, 300))}`;
  }
  for (const [path, entry] of await contents(set)) {
    if (entry.pixels.length !== SIZE || !entry.pixels.every(Number.isFinite)) return `"${path}" has ${entry.pixels.length} values, or some that are no numbers`;
    if (entry.label !== undefined && entry.label !== 0 && entry.label !== 1) return `"${path}" is labelled ${entry.label}`;
    const before = sound.get(path.slice(prefix.length));
    if (expect === 'same' && before && !isDeepStrictEqual(before.pixels, entry.pixels)) return `"${path}" has other pixels, in silence`;
  }
  return undefined;
}

/** Headers of damaged pictures of every kind say something sensible, or nothing. */
function headers(name: string, bytes: Uint8Array, dice: Dice): readonly FuzzCase[] {
  const headerCase = (what: string, damaged: Uint8Array): FuzzCase => ({
    name: `${name}, header: ${what}`,
    make: () => ({
      open: async () => pictureHeader(damaged),
      faultIn: (opened) => {
        const header = opened as ReturnType<typeof pictureHeader>;
        const whole = (size: number): boolean => Number.isInteger(size) && size >= 0 && size <= 2 ** 32;
        return header && !(whole(header.width) && whole(header.height)) ? `says ${header.width} × ${header.height}` : undefined;
      },
    }),
  });
  const start = bytes.subarray(0, 800);
  return [
    ...cuts(start, 4).map((length) => headerCase(`cut to ${length} bytes`, start.slice(0, length))),
    ...Array.from({ length: 4 }, () => {
      const { name: what, bytes: damaged } = mutateBytes(start, dice);
      return headerCase(what, damaged);
    }),
  ];
}

function zips(folder: Files, zip: Uint8Array, sound: ReadonlyMap<string, Entry>): readonly FuzzCase[] {
  const tricks = ['../x.png', '/x.png', 'C:/x.png', 'c:x.png', '..\\x.png', 'a\\x.png', 'a/../../x.png', 'a/..', '\\\\host\\x.png', 'nul\0.png'];
  const refused = (name: string, bytes: () => Uint8Array): FuzzCase => caseOf(name, 'refused', sound, () => ({ 'p.zip': bytes() }));
  return [
    ...tricks.map((path) => refused(`a zip with the path ${JSON.stringify(path)}`, () => packed({ ...folder, [path]: picture(9) }))),
    refused('a zip with two files of one name', () => renamed(packed({ ...folder, 'Cat/0.png': picture(9) }), 'Cat/0.png', 'cat/0.png')),
    refused('a zip of zips', () => packed({ 'a.zip': zip, 'b.zip': zip })),
    refused('a zip of nothing', () => packed({})),
    refused('a zip of 30,000 files', () => packed(Object.fromEntries(Array.from({ length: 30_000 }, (_, k) => [`${k}.png`, new Uint8Array(0)])), 0)),
    refused('30,000 names for one file', () => overlapping('x', new Uint8Array(2 ** 20), 30_000, (k) => `${k}.png`)),
    refused('19,000 names for a megabyte of zeros', () => overlapping('x', new Uint8Array(2 ** 20), 19_000, (k) => `${k}.png`)),
    refused('4,000 names for a megabyte of zeros', () => overlapping('x', new Uint8Array(2 ** 20), 4000, (k) => `${k}.png`)),
    refused('names of 60,000 characters', () => packed({ [`${'long '.repeat(12_000)}.png`]: new Uint8Array(1) })),
    refused('names that do not print', () => packed({ '\u001b[2J\u202e.png': new Uint8Array(1), 'b.png': new Uint8Array(1) })),
    ...[0n, 7n, 2n ** 32n, 2n ** 63n].map((value) => caseOf(`a zip with records of a large zip that say ${value}`, 'same', sound, () => ({ 'p.zip': withZip64(zip, value) }), 'p/')),
  ];
}

function chunk(name: string, data: Uint8Array): Uint8Array {
  const length = new Uint8Array(4);
  new DataView(length.buffer).setUint32(0, data.length);
  const content = joined(encoded(name), data);
  const crc = new Uint8Array(4);
  new DataView(crc.buffer).setUint32(0, crc32(content));
  return joined(length, content, crc);
}

/** A PNG of the stated size whose data are `raw`, packed. */
function png(width: number, height: number, raw: Uint8Array, type = 2, depth = 8): Uint8Array {
  const header = new Uint8Array(13);
  const view = new DataView(header.buffer);
  view.setUint32(0, width);
  view.setUint32(4, height);
  header.set([depth, type], 8);
  return joined(Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a), chunk('IHDR', header), chunk('IDAT', zlibSync(raw)), chunk('IEND', new Uint8Array(0)));
}

function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return (crc ^ 0xffffffff) >>> 0;
}

function bombs(folder: Files, sound: ReadonlyMap<string, Entry>): readonly FuzzCase[] {
  const among = (name: string, bytes: () => Uint8Array): FuzzCase => caseOf(name, 'same', sound, () => ({ ...folder, 'cat/bomb.png': bytes() }));
  return [
    among('a picture that claims 2^31 × 2^31 pixels', () => png(2 ** 31 - 1, 2 ** 31 - 1, new Uint8Array(10))),
    among('a picture that claims 8,000 × 8,000 pixels and has none', () => png(8000, 8000, new Uint8Array(10))),
    among('a picture of 0 × 0 pixels', () => png(0, 0, new Uint8Array(10))),
    among('a picture of 2 × 2 pixels that unpacks to 80 MiB', () => png(2, 2, new Uint8Array(80 * 1024 ** 2))),
    among('a picture of 1 × 10^6 pixels', () => png(1, 1_000_000, new Uint8Array(4_000_000))),
    among('a picture of an unknown kind', () => png(4, 4, new Uint8Array(52), 5, 3)),
    among('a header after the header that claims 60,000 × 60,000 pixels', () => {
      const [sound, large] = [png(4, 4, new Uint8Array(52)), png(60_000, 60_000, new Uint8Array(52))];
      return joined(sound.subarray(0, 33), large.subarray(8, 33), sound.subarray(33));
    }),
    among('a profile that unpacks to 80 MiB', () => {
      const sound = png(4, 4, new Uint8Array(52));
      return joined(sound.subarray(0, 33), chunk('iCCP', joined(encoded('x\0\0'), zlibSync(new Uint8Array(80 * 1024 ** 2)))), sound.subarray(33));
    }),
    among('a palette of 100,000 colours', () => {
      const sound = png(4, 4, new Uint8Array(20), 3);
      return joined(sound.subarray(0, 33), chunk('PLTE', new Uint8Array(300_000)), sound.subarray(33));
    }),
    among('a palette that is missing', () => png(4, 4, new Uint8Array(20), 3)),
  ];
}

/** A float32 array. */
function floats(shape: readonly number[], values: ArrayLike<number>): Uint8Array {
  return npy(`{'descr': '<f4', 'fortran_order': False, 'shape': (${shape.join(', ')},), }`, new Uint8Array(Float32Array.from(values).buffer));
}

function npy(header: string, data: Uint8Array): Uint8Array {
  const text = encoded(`${header}\n`);
  return joined(Uint8Array.of(0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, text.length & 255, text.length >> 8), text, data);
}

function arrayHeaders(arrays: Files, sound: ReadonlyMap<string, Entry>): readonly FuzzCase[] {
  const data = new Uint8Array(192);
  const made = (name: string, expect: Expectation, bytes: () => Uint8Array): FuzzCase => caseOf(name, expect, sound, () => ({ ...arrays, 'x.npy': bytes() }));
  const described = (type: string, shape: string, order = 'False'): string => `{'descr': '${type}', 'fortran_order': ${order}, 'shape': (${shape}), }`;
  const shapes = [
    '', '0,', '4, 4, 4', '4, 4, 4, 3, 1', '99999999999999999999, 4, 4, 3', `${'9'.repeat(400)},`, '0, 99999999999999999999, 4, 3', '4, 48', '192,', '1, 192', '4, 1, 1, 48', '2, 4, 8, 3',
    `4, 4, 4, 3${', 1'.repeat(5000)}`, '-4, -4, 4, 3', '4.0, 4, 4, 3',
  ];
  return [
    ...shapes.map((shape) => made(`an array of (${shape.slice(0, 60)})`, 'anyPictures', () => npy(described('|u1', shape), data))),
    ...['>f4', '<f2', '<c8', '|O', '<U4', '|V8', '<f99', '|u0', '<i16'].map((type) => made(`an array of type ${type}`, 'refused', () => npy(described(type, '4, 4, 4, 3'), data))),
    made('an array in Fortran’s order', 'refused', () => npy(described('|u1', '4, 4, 4, 3', 'True'), data)),
    made('a header of nothing', 'refused', () => npy('', data)),
    made('a header of 60,000 brackets', 'refused', () => npy('('.repeat(60_000), data)),
    made('a header that runs Python', 'refused', () => npy("__import__('os').system('true')", data)),
    made('a header that does not print', 'refused', () => npy('\u0001\u001b[2J\u202e', data)),
    ...NOT_FINITE.map((value) => caseOf(`an array of ${value}`, 'refused', sound, () => ({ ...arrays, 'x.npy': floats([4, 4, 4, 3], new Float32Array(192).fill(value)) }))),
    ...NOT_FINITE.map((value) => caseOf(`labels of ${value}`, 'anyPictures', sound, () => ({ ...arrays, 'y.npy': floats([4], new Float32Array(4).fill(value)) }))),
    ...[[-1, 0, 1, 1], [0, 1, 2, 1], [0.5, 0, 1, 1], [1e30, 0, 1, 1]].map((labels) => caseOf(`labels ${labels.join(', ')}`, 'anyPictures', sound, () => ({ ...arrays, 'y.npy': floats([4], labels) }))),
    caseOf('a label too many', 'refused', sound, () => ({ ...arrays, 'y.npy': floats([5], [0, 1, 1, 0, 1]) })),
    caseOf('two lists of labels', 'refused', sound, () => ({ ...arrays, 'z.npy': arrays['y.npy'] })),
    caseOf('two arrays of pictures', 'refused', sound, () => ({ ...arrays, 'z.npy': arrays['x.npy'] })),
  ];
}
