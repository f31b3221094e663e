import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import type { NamedFiles } from '../formats/modelFormats.ts';
import { InputError, inputError, readInput } from './inputFile.ts';

const MOST_FILES = 10_000;
const DEEPEST = 4;

/**
 * What `--model` names: a folder with all that lies in it, or one file, which may read those beside
 * it. Throws `InputError` where it is not there, or holds far more files than a model.
 */
export async function modelFiles(path: string): Promise<NamedFiles> {
  const isFolder = await stat(path).then((found) => found.isDirectory(), (error: unknown) => {
    throw inputError(error, `model file ${path} or ${join(path, 'model.json')}`);
  });
  const folder = isFolder ? path : dirname(path);
  const paths = isFolder ? await pathsIn(folder) : [basename(path)];
  const read = (file: string): Promise<Uint8Array> => readInside(folder, file);
  return isFolder ? { paths, read } : { paths, read, has: (file) => stat(join(folder, file)).then((found) => found.isFile(), () => false) };
}

async function pathsIn(folder: string): Promise<readonly string[]> {
  const paths: string[] = [];
  const open = [{ path: folder, depth: 0 }];
  for (let next = open.shift(); next; next = open.shift()) {
    for (const entry of await readdir(next.path, { withFileTypes: true })) {
      const path = join(next.path, entry.name);
      if (entry.isDirectory() && next.depth < DEEPEST) open.push({ path, depth: next.depth + 1 });
      else if (!entry.isDirectory()) paths.push(relative(folder, path).split(sep).join('/'));
      if (paths.length > MOST_FILES) throw new InputError(`${folder} holds more than ${MOST_FILES} files; name the model's own folder or file.`);
    }
  }
  return paths;
}

async function readInside(folder: string, file: string): Promise<Uint8Array> {
  const path = resolve(folder, file);
  // importers refuse such paths by themselves; this is the room's own lock
  if (!path.startsWith(resolve(folder) + sep)) throw new InputError(`The model names the file "${file}", which does not lie beside it.`);
  return readInput(join(folder, file), 'model');
}
