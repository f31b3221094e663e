import { isLitter, isPicturePath, isZipPath } from '../datasets/findPictures.ts';
import { isTextPath } from '../datasets/texts/ownText.ts';
import { openZip } from '../datasets/zipFiles.ts';
import type { NamedFile } from '../storage/namedFile.ts';
import type { SortedFiles } from './protocol.ts';

/**
 * Tells a model's files from pictures by their names alone, those in zips included. A picture
 * that lies in a model's own folder belongs to the model's description. Where there are no pictures,
 * text files count as such, but for those in a model's folder (`merges.txt`, a README). What is
 * neither is left to the model's reader, which says what it would have to be.
 *
 * @throws PictureZipError
 */
export async function sortFiles(files: readonly NamedFile[]): Promise<SortedFiles> {
  const held = await Promise.all(files.map(namesHeld));
  const paths = files.map(({ path }) => path);
  const homes = new Set(mainFiles(paths.filter((path) => !isZipPath(path))).map(folderOf));
  const model: number[] = [];
  const pictures: number[] = [];
  const texts: number[] = [];
  const others: number[] = [];
  for (const [at, path] of paths.entries()) {
    if (isLitter(path)) continue;
    if (isZipPath(path)) {
      const zipped = held[at];
      if (mainFiles(zipped).length > 0) model.push(at);
      else if (zipped.some(isPicturePath)) pictures.push(at);
      else if (zipped.some(isTextPath)) texts.push(at);
      else others.push(at);
    } else if (isPicturePath(path)) {
      if (folderOf(path) === '' || !homes.has(folderOf(path))) pictures.push(at);
    } else if (isTextPath(path) && !homes.has(folderOf(path))) {
      texts.push(at);
    } else {
      others.push(at);
    }
  }
  if (pictures.length === 0) pictures.push(...texts);
  if (homes.size > 0) model.push(...others);
  return model.length === 0 && pictures.length === 0 ? { model: others, pictures } : { model, pictures };
}

async function namesHeld(file: NamedFile): Promise<readonly string[]> {
  if (!isZipPath(file.path)) return [];
  return openZip(file.path, await file.read()).map(({ path }) => path).filter((path) => !isLitter(path));
}

/** The files that a model is opened by: their own kind says so, or they are the JSON beside binary weights. */
function mainFiles(paths: readonly string[]): readonly string[] {
  const weightFolders = new Set(paths.filter((path) => /\.bin$/i.test(path)).map(folderOf));
  return paths.filter((path) =>
    /\.(onnx|keras|h5|hdf5|safetensors)$/i.test(path) || /(^|\/)model\.json$/i.test(path) || (/\.json$/i.test(path) && weightFolders.has(folderOf(path))));
}

function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/') + 1);
}

