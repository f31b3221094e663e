import { ModelFileError } from '../kerasLayers/errors.ts';
import { openZip } from '../kerasLayers/zipFile.ts';
import { MissingFileError } from './errors.ts';

/** Files to open a model from: a folder, a zip, a list that a person chose, an address. */
export interface NamedFiles {
  /** Paths with `/` between, of all files that are known to be there. */
  readonly paths: readonly string[];
  /** The bytes of a file; may also be asked for one that is not listed, which an address may have. */
  read(path: string): Promise<Uint8Array>;
  /** Whether a file that is not listed is there; absent where `paths` lists all. */
  has?(path: string): Promise<boolean>;
}

/** Files whose content is at hand. `read` throws `MissingFileError` for any other. */
export function filesInMemory(files: ReadonlyMap<string, Uint8Array>): NamedFiles {
  const paths = [...files.keys()];
  return {
    paths,
    read: async (path) => {
      const bytes = files.get(path);
      if (!bytes) throw new MissingFileError(path, paths);
      return bytes;
    },
  };
}

/**
 * The files of a zip, each unpacked once, when it is asked for. Throws `ModelFileError` where it is
 * damaged or has a path that leaves it; `read`, what `ZipFile.read` throws.
 */
export function filesInZip(bytes: Uint8Array): NamedFiles {
  const zip = openZip(bytes);
  const paths = zip.names.filter((name) => !name.endsWith('/'));
  for (const path of paths) {
    if (/^[/\\]|^[a-z]:|\\|\0/i.test(path) || path.split('/').includes('..')) {
      throw new ModelFileError(`The zip holds the path "${path}", which leads out of it.`);
    }
  }
  const known = new Set(paths);
  const unpacked = new Map<string, Uint8Array>();
  const unpack = (path: string): Uint8Array => {
    if (!known.has(path)) throw new MissingFileError(path, paths);
    const content = zip.read(path);
    // shards of large models are read once each, and there need be room for but one
    if (!/\.safetensors$/i.test(path)) unpacked.set(path, content);
    return content;
  };
  return { paths, read: async (path) => unpacked.get(path) ?? unpack(path) };
}

/**
 * Reads the files that the model in `main` names, relative to it. Where one is not there, a file of
 * the same name elsewhere serves: a list of chosen files has no folders.
 */
export function besideModel(files: NamedFiles, main: string): (path: string) => Promise<Uint8Array> {
  const known = new Set(files.paths);
  const byName = new Map<string, string>();
  const several = new Set<string>();
  for (const path of files.paths) {
    const name = nameOf(path);
    if (byName.has(name)) several.add(name);
    byName.set(name, path);
  }
  return (path) => {
    const own = folderOf(main) + path.split('/').filter((part) => part !== '.').join('/');
    const name = nameOf(path);
    const elsewhere = several.has(name) ? undefined : byName.get(name);
    return files.read(known.has(own) ? own : (elsewhere ?? own));
  };
}

/** With a slash at its end; empty at the root. */
export function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/') + 1);
}

export function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
