import type { NamedFile } from '../storage/namedFile.ts';
import { openZip } from './zipFiles.ts';

/** What a person's files hold, by their names. */
export interface FoundPictures {
  readonly pictures: readonly NamedFile[];
  /** `.npy` files. */
  readonly arrays: readonly NamedFile[];
  /** Paths of files that are neither. */
  readonly others: readonly string[];
}

const PICTURE = /\.(png|apng|jpe?g|jfif|pjp(eg)?|webp|gif|bmp|avif|ico|tiff?|heic|heif)$/i;
const ZIP = /\.(zip|npz)$/i;
const ARRAY = /\.npy$/i;

export function isPicturePath(path: string): boolean {
  return PICTURE.test(path) || ARRAY.test(path);
}

export function isZipPath(path: string): boolean {
  return ZIP.test(path);
}

/** What systems leave beside people's files. */
export function isLitter(path: string): boolean {
  return path.split('/').some((part) => part.startsWith('.') || part === '__MACOSX' || /^(thumbs\.db|desktop\.ini)$/i.test(part));
}

/**
 * Sorts files into pictures and arrays, opening zips on the way (not zips in zips), each in the
 * order of their paths.
 *
 * @throws PictureZipError
 */
export async function findPictures(files: readonly NamedFile[]): Promise<FoundPictures> {
  const all: NamedFile[] = [];
  for (const file of files) {
    if (!ZIP.test(file.path)) all.push(file);
    else all.push(...openZip(file.path, await file.read()).map((inner) => ({ ...inner, path: `${file.path.replace(ZIP, '')}/${inner.path}` })));
  }
  const wanted = all.filter(({ path }) => !isLitter(path)).sort((a, b) => ORDER.compare(a.path, b.path));
  return {
    pictures: wanted.filter(({ path }) => PICTURE.test(path)),
    arrays: wanted.filter(({ path }) => ARRAY.test(path)),
    others: wanted.filter(({ path }) => !isPicturePath(path)).map(({ path }) => path),
  };
}

/** `2.png` before `10.png`, the same everywhere. */
const ORDER = new Intl.Collator('en', { numeric: true });
