import { readdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { pictureSource } from '../datasets/pictureSource.ts';
import { AS_THEY_ARE } from '../datasets/preprocessing.ts';
import { parseCloze, type ClozeItem } from '../datasets/texts/cloze.ts';
import { readOwnText, readWholeText } from '../datasets/texts/ownText.ts';
import { isTextIndex, openTextFolder } from '../datasets/texts/textFolder.ts';
import { TextSet, type TextContent } from '../datasets/texts/textSet.ts';
import type { ImageSource } from '../engine/imageSource.ts';
import { languageModel, languageShape, type LanguageModel } from '../engine/language/languageModel.ts';
import type { OpenedModel } from '../formats/modelFormats.ts';
import type { NamedFile } from '../storage/namedFile.ts';
import { readImages, readModelAndTokenizer } from './files.ts';
import { InputError, inputError, readInput } from './inputFile.ts';
import type { CalibrationOptions } from './options.ts';

/** A model that reads text, from what `--model` names. @throws NotALanguageModelError, NoTokenizerError */
export async function readLanguageModel(path: string): Promise<LanguageModel> {
  const { network, tokenizer } = await readModelAndTokenizer(path);
  return languageModel(network, tokenizer);
}

/**
 * What `--text` names, in a model's tokens: a data folder (its index says which chapters calibrate and which measure),
 * a text file, or a folder of text files.
 *
 * @param use `halves`: of text files the first half calibrates and the second measures; `whole`: all of them do either
 * @throws InputError, TextTooShortError, what reading the files throws
 */
export async function readText(path: string, { network, tokenizer }: LanguageModel, { use, stride }: { readonly use: 'whole' | 'halves'; readonly stride?: number }): Promise<TextSet> {
  return TextSet.read(await contentOf(path, use), { tokenizer, window: languageShape(network).tokens, ...(stride === undefined ? {} : { stride }) });
}

/**
 * What `--images` or `--text` names, to calibrate with.
 *
 * @throws InputError where both or none are given; what reading them throws
 */
export async function readCalibration({ images, text, windows }: CalibrationOptions, { network, tokenizer }: OpenedModel, seed: number): Promise<ImageSource> {
  if ((images === undefined) === (text === undefined)) throw new InputError('Give either --images or, for a model that reads text, --text.');
  if (images !== undefined) return readImages(images);
  return calibrationWindows(await readText(text ?? '', languageModel(network, tokenizer), { use: 'whole' }), windows, seed);
}

/** Windows to calibrate with: at most `count`, drawn by seed. */
export function calibrationWindows(text: TextSet, count: number, seed: number): ImageSource {
  return pictureSource(text, 'train', text.calibrationIndices(count, seed), AS_THEY_ARE);
}

/** The items of a `cloze.json`. @throws InputError, ClozeFileError */
export async function readItems(file: string): Promise<readonly ClozeItem[]> {
  return parseCloze(file, jsonOf(file, await readInput(file, 'items')));
}

async function contentOf(path: string, use: 'whole' | 'halves'): Promise<TextContent> {
  const isFolder = await stat(path).then((found) => found.isDirectory(), (error: unknown) => {
    throw inputError(error, `text file or folder ${path}`);
  });
  const files = isFolder ? await filesIn(path) : [await namedFile(path, basename(path))];
  const index = files.find((file) => file.path === 'index.json');
  if (index) {
    const json = jsonOf(index.path, await index.read());
    if (!isTextIndex(json)) throw new InputError(`${path} is a data folder of pictures, not of text.`);
    return openTextFolder(json, (file) => readInput(join(path, file), 'text'));
  }
  const named = { id: 'own', name: basename(path) };
  if (use === 'halves') return (await readOwnText(files, named)).content;
  const documents = await readWholeText(files);
  return { ...named, documents: { train: documents, test: documents } };
}

async function filesIn(folder: string): Promise<readonly NamedFile[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return Promise.all(entries.filter((entry) => entry.isFile()).map((entry) => {
    const path = join(entry.parentPath, entry.name);
    return namedFile(path, path.slice(join(folder, '/').length).replaceAll('\\', '/'));
  }));
}

async function namedFile(path: string, name: string): Promise<NamedFile> {
  return { path: name, size: (await stat(path)).size, read: async () => new Uint8Array(await readInput(path, 'text')) };
}

function jsonOf(file: string, bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    throw new InputError(`${file} is not readable JSON.`);
  }
}
