import { unzipSync, type UnzipFileInfo } from 'fflate';
import { openZip as openChecked, type UnpackedLimit, type ZipFile } from '../formats/kerasLayers/zipFile.ts';
import type { NamedFile } from '../storage/namedFile.ts';
import { PictureZipError } from './pictureErrors.ts';

export const ZIP_LIMITS = { entries: 20_000, entryBytes: 256 * 1024 * 1024, bytes: 4 * 1024 * 1024 * 1024 } as const;

/** Arrays and plain pictures pack well, but not better than this. */
const UNPACKED: UnpackedLimit = { timesZip: 256, bytes: 256 * 1024 * 1024 };

/**
 * The files in a zip. Nothing is unpacked before a file is read; what is unpacked never grows
 * beyond the size that the zip's own directory states, and that is limited here; reading a file checks
 * its checksum.
 *
 * @throws PictureZipError where the zip is damaged, has a name that leads out of it (`..`, a root,
 * a drive, a backslash), names a file twice, or holds more than `limits`
 */
export function openZip(name: string, bytes: Uint8Array, limits: { readonly entries: number; readonly entryBytes: number; readonly bytes: number } = ZIP_LIMITS): readonly NamedFile[] {
  const entries: UnzipFileInfo[] = [];
  const seen = new Set<string>();
  let total = 0;
  const list = (entry: UnzipFileInfo): boolean => {
    if (leadsOutside(entry.name)) throw new PictureZipError(`${name} names the file “${entry.name}”, which would lie outside of it. Zips with such names are not opened.`);
    if (seen.has(entry.name)) throw new PictureZipError(`${name} names the file “${entry.name}” twice.`);
    seen.add(entry.name);
    const size = unpackedSize(entry);
    total += size;
    if (seen.size > limits.entries) throw new PictureZipError(`${name} holds more than ${limits.entries} files. Split it.`);
    if (size > limits.entryBytes) throw new PictureZipError(`${entry.name} in ${name} unpacks to ${megabytes(size)}; ${megabytes(limits.entryBytes)} is the most for one file.`);
    if (total > limits.bytes) throw new PictureZipError(`${name} unpacks to more than ${megabytes(limits.bytes)}. Split it.`);
    if (!entry.name.endsWith('/')) entries.push(entry);
    return false;
  };
  unpack(name, bytes, list);

  let zip: ZipFile | undefined;
  const read = (path: string): Uint8Array => {
    try {
      return (zip ??= openChecked(bytes, UNPACKED)).read(path);
    } catch (cause) {
      throw new PictureZipError(`${name} cannot be unpacked: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
    }
  };
  return entries.map((entry) => ({ path: entry.name, size: unpackedSize(entry), read: async () => read(entry.name) }));
}

function unpack(name: string, bytes: Uint8Array, filter: (entry: UnzipFileInfo) => boolean): void {
  try {
    unzipSync(bytes, { filter });
  } catch (cause) {
    if (cause instanceof PictureZipError) throw cause;
    throw new PictureZipError(`${name} is not a readable zip: ${cause instanceof Error ? cause.message : String(cause)}.`, { cause });
  }
}

/** A stored entry takes as much as it occupies, whatever it says of itself. */
function unpackedSize({ size, originalSize }: UnzipFileInfo): number {
  return Math.max(size, originalSize);
}

function leadsOutside(path: string): boolean {
  return path === '' || /^[/\\]|^[a-z]:|\\|\0/i.test(path) || path.split('/').includes('..');
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1e6)} MB`;
}
