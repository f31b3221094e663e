import { inflateSync, strFromU8, unzipSync } from 'fflate';
import { ModelFileError } from './errors.ts';

/** No model that the lab can hold is larger. */
const LARGEST_FILE = 1024 ** 3;
/** Deflate cannot make a file smaller than this part of itself. */
const DEFLATE_LIMIT = 1032;

/** The files of a zip, unpacked one by one as they are asked for. */
export interface ZipFile {
  readonly names: readonly string[];
  /**
   * The content of a file; throws `ModelFileError` where there is none of that name, where it says to
   * be larger than its packed bytes allow or than 1 GiB, and where it is damaged (by its checksum).
   */
  readonly read: (name: string) => Uint8Array<ArrayBuffer>;
}

/** What all files of a zip may unpack to: so many times the zip, or as little as does not matter. */
export interface UnpackedLimit {
  readonly timesZip: number;
  readonly bytes: number;
}

/** Weights do not pack better than this; what does is not a model. */
const MODEL_LIMIT: UnpackedLimit = { timesZip: 64, bytes: 64 * 1024 ** 2 };

/**
 * Throws `ModelFileError` where the bytes are not a readable zip or one name stands for two files;
 * `read` too, where all files together say to unpack to more than `limit`.
 */
export function openZip(bytes: Uint8Array, limit: UnpackedLimit = MODEL_LIMIT): ZipFile {
  const entries = new Map<string, { packed: number; size: number }>();
  let total = 0;
  unpack(bytes, ({ name, size, originalSize }) => {
    if (entries.has(name)) throw new ModelFileError(`The zip holds two files "${name}".`);
    if (!name.endsWith('/')) entries.set(name, { packed: size, size: originalSize });
    total += originalSize;
    return false;
  });
  const directory = directoryOf(bytes);
  const most = Math.max(limit.bytes, limit.timesZip * bytes.length);
  return {
    names: [...entries.keys()],
    read(name) {
      const entry = entries.get(name);
      if (!entry) throw new ModelFileError(`The zip holds no "${name}".`);
      if (entry.size > LARGEST_FILE || entry.size > DEFLATE_LIMIT * (entry.packed + 64) || entry.packed > bytes.length) {
        throw new ModelFileError(`"${name}" in the zip claims to unpack from ${entry.packed} to ${entry.size} bytes.`);
      }
      if (total > most) throw new ModelFileError(`The zip of ${bytes.length} bytes claims to unpack to more than ${most}.`);
      const place = directory.get(name);
      const content = place ? unpackAt(bytes, place, entry) : unpack(bytes, (file) => file.name === name)[name];
      if (content?.length !== entry.size || (place && crc32(content) !== place.checksum)) {
        throw new ModelFileError(`"${name}" in the zip is damaged. Download or save the file again.`);
      }
      return content as Uint8Array<ArrayBuffer>;
    },
  };
}

function unpack(bytes: Uint8Array, filter: NonNullable<NonNullable<Parameters<typeof unzipSync>[1]>['filter']>): Readonly<Record<string, Uint8Array>> {
  try {
    return unzipSync(bytes, { filter });
  } catch (cause) {
    if (cause instanceof ModelFileError) throw cause;
    throw new ModelFileError('The file is not a readable zip, or it is damaged.', { cause });
  }
}

/** What the zip's directory says of an entry beside what fflate tells of it. */
interface Place {
  /** CRC-32, which fflate does not compare. */
  readonly checksum: number;
  readonly method: number;
  /** Of the entry's own header, which its content follows. */
  readonly at: number;
}

/** By name. Lets one entry be unpacked without walking through all of the directory for it. */
function directoryOf(bytes: Uint8Array): ReadonlyMap<string, Place> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const found = new Map<string, Place>();
  let end = bytes.length - 22;
  while (end >= 0 && view.getUint32(end, true) !== 0x06054b50) end -= 1;
  let at = end >= 0 ? view.getUint32(end + 16, true) : bytes.length;
  while (at + 46 <= bytes.length && view.getUint32(at, true) === 0x02014b50) {
    const [name, extra, comment] = [28, 30, 32].map((field) => view.getUint16(at + field, true));
    found.set(strFromU8(bytes.subarray(at + 46, at + 46 + name), !(view.getUint16(at + 8, true) & 0x800)), {
      checksum: view.getUint32(at + 16, true), method: view.getUint16(at + 10, true), at: view.getUint32(at + 42, true),
    });
    at += 46 + name + extra + comment;
  }
  return found;
}

/** As fflate would; undefined where there is no entry of a known method at that place. */
function unpackAt(bytes: Uint8Array, { method, at }: Place, { packed, size }: { readonly packed: number; readonly size: number }): Uint8Array | undefined {
  if (at + 30 > bytes.length || (method !== 0 && method !== 8)) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const start = at + 30 + view.getUint16(at + 26, true) + view.getUint16(at + 28, true);
  const content = bytes.subarray(start, start + packed);
  if (method === 0) return content.slice();
  try {
    return inflateSync(content, { out: new Uint8Array(size) });
  } catch {
    return undefined;
  }
}

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value;
});

function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (let k = 0; k < bytes.length; k++) crc = CRC_TABLE[(crc ^ bytes[k]) & 255] ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}
