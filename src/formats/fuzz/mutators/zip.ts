import { zipSync } from 'fflate';
import type { Dice } from '../dice.ts';
import { joined, type Mutated } from './bytes.ts';

type Files = Readonly<Record<string, Uint8Array>>;

/** Unpacked and packed sizes, checksum and method of one entry lie at other places in each of its two headers. */
interface Header {
  readonly at: number;
  readonly signature: number;
  readonly flags: number;
  readonly method: number;
  readonly crc: number;
  readonly packed: number;
  readonly size: number;
  readonly nameLength: number;
  readonly extraLength: number;
}

const LOCAL = { signature: 0x04034b50, flags: 6, method: 8, crc: 14, packed: 18, size: 22, nameLength: 26, extraLength: 28, name: 30 };
const CENTRAL = { signature: 0x02014b50, flags: 8, method: 10, crc: 16, packed: 20, size: 24, nameLength: 28, extraLength: 30, name: 46, local: 42 };
const END = 22;

/** A packed copy of the files; `level` 0 stores them. */
export function packed(files: Files, level: 0 | 6 = 6): Uint8Array<ArrayBuffer> {
  return zipSync({ ...files }, { level, mtime: '2024-01-01' });
}

const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** Both headers of every entry of a sound zip. */
function headersOf(zip: Uint8Array): readonly Header[] {
  const view = viewOf(zip);
  const end = zip.length - END;
  const headers: Header[] = [];
  for (let at = view.getUint32(end + 16, true); at < end; ) {
    const local = view.getUint32(at + CENTRAL.local, true);
    for (const [start, layout] of [[at, CENTRAL], [local, LOCAL]] as const) {
      const { flags, method, crc, packed: packedAt, size, nameLength, extraLength } = layout;
      headers.push({
        at: start, signature: layout.signature, flags: start + flags, method: start + method, crc: start + crc,
        packed: start + packedAt, size: start + size, nameLength: start + nameLength, extraLength: start + extraLength,
      });
    }
    at += CENTRAL.name + view.getUint16(at + CENTRAL.nameLength, true) + view.getUint16(at + CENTRAL.extraLength, true);
  }
  return headers;
}

const SIZES = [0, 1, 2 ** 16, 2 ** 26, 7e8, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 2, 2 ** 32 - 1];

/** A zip whose headers lie: about sizes, checksums, methods, encryption, names, offsets, counts. */
export function mutateZip(zip: Uint8Array, dice: Dice): Mutated {
  const copy = zip.slice();
  const view = viewOf(copy);
  const headers = headersOf(zip);
  const header = dice.pick(headers);
  const which = `header ${headers.indexOf(header)}`;
  const end = zip.length - END;
  const lies: readonly (() => string)[] = [
    () => {
      const size = dice.pick(SIZES);
      view.setUint32(dice.chance(0.5) ? header.size : header.packed, size, true);
      return `${which} claims ${size} bytes`;
    },
    () => {
      const size = dice.pick(SIZES);
      for (const each of headers) view.setUint32(each.size, size, true);
      return `all claim ${size} bytes`;
    },
    () => {
      view.setUint32(header.crc, dice.below(2 ** 32), true);
      return `${which} has another checksum`;
    },
    () => {
      const method = dice.pick([0, 1, 8, 9, 12, 14, 93, 99, 65535]);
      view.setUint16(header.method, method, true);
      return `${which} is packed by method ${method}`;
    },
    () => {
      const flags = dice.pick([1, 8, 9, 64, 2048, 65535]);
      for (const each of headers) view.setUint16(each.flags, flags, true);
      return `flags ${flags}`;
    },
    () => {
      const length = dice.pick([0, 1, 255, 65535]);
      const field = dice.chance(0.5) ? header.nameLength : header.extraLength;
      view.setUint16(field, length, true);
      return `${which} has a name or an extra field of ${length} bytes`;
    },
    () => {
      const centrals = headers.filter(({ signature }) => signature === CENTRAL.signature);
      const { at } = dice.pick(centrals);
      const offset = dice.pick([0, 1, end, zip.length - 1, 2 ** 31, 2 ** 32 - 1, dice.below(zip.length)]);
      view.setUint32(at + CENTRAL.local, offset, true);
      return `an entry lies at byte ${offset}`;
    },
    () => {
      const field = dice.pick([8, 10]);
      const count = dice.pick([0, 1, 2, 1000, 65534, 65535]);
      view.setUint16(end + field, count, true);
      return `the directory counts ${count} entries`;
    },
    () => {
      const field = dice.pick([12, 16]);
      const value = dice.pick([0, 1, end, zip.length, 2 ** 31, 2 ** 32 - 1]);
      view.setUint32(end + field, value, true);
      return `the directory lies at or takes ${value}`;
    },
    () => {
      const field = dice.pick([header.at, end]);
      view.setUint32(field, dice.pick([0, 0x04034b50, 0x02014b50, 0x06054b50, 0x06064b50]), true);
      return `another signature at ${field}`;
    },
  ];
  const name = dice.pick(lies)();
  return { name, bytes: copy };
}

/** With the records of a zip of more than 4 GiB put in, which say `value` of everything. */
export function withZip64(zip: Uint8Array, value: bigint): Uint8Array {
  const end = zip.length - END;
  const record = new Uint8Array(56 + 20);
  const view = viewOf(record);
  view.setUint32(0, 0x06064b50, true);
  view.setBigUint64(4, 44n, true);
  for (const field of [24, 32, 40, 48]) view.setBigUint64(field, value, true);
  view.setUint32(56, 0x07064b50, true);
  view.setBigUint64(56 + 8, BigInt(end), true);
  view.setUint32(56 + 16, 1, true);
  const tail = zip.slice(end);
  const tailView = viewOf(tail);
  tailView.setUint16(8, 0xffff, true);
  tailView.setUint16(10, 0xffff, true);
  tailView.setUint32(12, 0xffffffff, true);
  tailView.setUint32(16, 0xffffffff, true);
  return joined(zip.subarray(0, end), record, tail);
}

/** The zip with every `from` in names replaced by `to`, which must be as long. */
export function renamed(zip: Uint8Array, from: string, to: string): Uint8Array {
  const [before, after] = [Buffer.from(from), Buffer.from(to)];
  if (before.length !== after.length) throw new Error(`"${from}" and "${to}" differ in length`);
  const copy = Buffer.from(zip);
  for (let at = copy.indexOf(before); at >= 0; at = copy.indexOf(before, at + 1)) after.copy(copy, at);
  return new Uint8Array(copy.buffer, copy.byteOffset, copy.length);
}

/** Many entries of the directory that all stand for the data of one. */
export function overlapping(name: string, data: Uint8Array, count: number, nameOf: (k: number) => string): Uint8Array {
  const one = packed({ [name]: data });
  const view = viewOf(one);
  const end = one.length - END;
  const start = view.getUint32(end + 16, true);
  const entry = one.slice(start, start + CENTRAL.name);
  const entries = Array.from({ length: count }, (_, k) => {
    const called = new TextEncoder().encode(nameOf(k));
    const header = entry.slice();
    viewOf(header).setUint16(CENTRAL.nameLength, called.length, true);
    viewOf(header).setUint16(CENTRAL.extraLength, 0, true);
    return joined(header, called);
  });
  const directory = joined(...entries);
  const tail = one.slice(end);
  const tailView = viewOf(tail);
  tailView.setUint16(8, count, true);
  tailView.setUint16(10, count, true);
  tailView.setUint32(12, directory.length, true);
  tailView.setUint32(16, start, true);
  return joined(one.subarray(0, start), directory, tail);
}
