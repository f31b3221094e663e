import { unzipSync } from 'fflate';
import { ModelFileError } from './errors.ts';

/** No model that the lab can hold is larger. */
const LARGEST_FILE = 1024 ** 3;
/** Deflate cannot make a file smaller than this part of itself. */
const DEFLATE_LIMIT = 1032;

/** The files of a zip, unpacked one by one as they are asked for. */
export interface ZipFile {
  readonly names: readonly string[];
  /** Bytes that a file says to unpack to; 0 where there is none of that name. */
  readonly sizeOf: (name: string) => number;
  /**
   * The content of a file; throws `ModelFileError` where there is none of that name, where it says to
   * be larger than its packed bytes allow or than 1 GiB, and where it is damaged (by its checksum).
   */
  readonly read: (name: string) => Uint8Array<ArrayBuffer>;
}

/** Throws `ModelFileError` where the bytes are not a readable zip, or one name stands for two files. */
export function openZip(bytes: Uint8Array): ZipFile {
  const entries = new Map<string, { packed: number; size: number }>();
  unpack(bytes, ({ name, size, originalSize }) => {
    if (entries.has(name)) throw new ModelFileError(`The zip holds two files "${name}".`);
    if (!name.endsWith('/')) entries.set(name, { packed: size, size: originalSize });
    return false;
  });
  const checksums = directoryChecksums(bytes);
  return {
    names: [...entries.keys()],
    sizeOf: (name) => entries.get(name)?.size ?? 0,
    read(name) {
      const entry = entries.get(name);
      if (!entry) throw new ModelFileError(`The zip holds no "${name}".`);
      if (entry.size > LARGEST_FILE || entry.size > DEFLATE_LIMIT * (entry.packed + 64) || entry.packed > bytes.length) {
        throw new ModelFileError(`"${name}" in the zip claims to unpack from ${entry.packed} to ${entry.size} bytes.`);
      }
      const content = unpack(bytes, (file) => file.name === name)[name];
      const checksum = checksums.get(name);
      if (content?.length !== entry.size || (checksum !== undefined && crc32(content) !== checksum)) {
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

/** Name → CRC-32, from the zip's directory, which fflate reads but does not compare. */
function directoryChecksums(bytes: Uint8Array): ReadonlyMap<string, number> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const found = new Map<string, number>();
  let end = bytes.length - 22;
  while (end >= 0 && view.getUint32(end, true) !== 0x06054b50) end -= 1;
  let at = end >= 0 ? view.getUint32(end + 16, true) : bytes.length;
  while (at + 46 <= bytes.length && view.getUint32(at, true) === 0x02014b50) {
    const [name, extra, comment] = [28, 30, 32].map((field) => view.getUint16(at + field, true));
    found.set(new TextDecoder().decode(bytes.subarray(at + 46, at + 46 + name)), view.getUint32(at + 16, true));
    at += 46 + name + extra + comment;
  }
  return found;
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
