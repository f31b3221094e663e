import type { ImageSet } from '../datasets/imageSet.ts';
import { PackedImages } from '../datasets/packedImages.ts';
import { readOwnText } from '../datasets/texts/ownText.ts';
import { isTextIndex, openTextFolder } from '../datasets/texts/textFolder.ts';
import { TextSet } from '../datasets/texts/textSet.ts';
import { JobClock, type Job } from '../engine/job.ts';
import { languageModel, languageShape, type LanguageModel } from '../engine/language/languageModel.ts';
import type { Tokenizer } from '../formats/tokenizer.ts';
import type { Network } from '../network/network.ts';
import { fetchBytes } from '../storage/download.ts';
import type { NamedFile } from '../storage/namedFile.ts';
import type { DatasetSummary } from './protocol.ts';

/** Something is asked of a text that only pictures can give, or the other way round. */
export class NotForTextError extends Error {
  override readonly name = 'NotForTextError';
}

/**
 * The data folder at an address: pictures, or text as the open model reads it; its index says which.
 *
 * @param model is asked for where it is a folder of text
 * @throws FetchError, DataFileError, TextTooShortError, what `model` throws
 */
export async function openData(url: string, model: () => LanguageModel): Promise<ImageSet> {
  const folder = url.replace(/\/?$/, '/');
  const fetchFile = (file: string) => fetchBytes(new URL(file, folder).href);
  const index = await fetchFile('index.json');
  const json = parsed(index);
  if (!isTextIndex(json)) return PackedImages.open((file) => (file === 'index.json' ? Promise.resolve(index) : fetchFile(file)));
  const { network, tokenizer } = model();
  return TextSet.read(await openTextFolder(json, fetchFile), { tokenizer, window: languageShape(network).tokens });
}

/**
 * A person's own text as the open model reads it, and what is said of it.
 *
 * @throws NoReadableTextError, NotTextError, TextTooLargeError, TextTooShortError, PictureZipError, CancelledError
 */
export async function openOwnText(
  files: readonly NamedFile[],
  named: { readonly id: string; readonly name: string },
  { network, tokenizer }: LanguageModel,
  job: Job,
): Promise<{ readonly text: TextSet; readonly summary: DatasetSummary }> {
  const { content, skipped } = await readOwnText(files, named);
  let clock: JobClock | undefined;
  const onText = (done: number, total: number) => (clock ??= new JobClock(job, total)).tick(done);
  const text = await TextSet.read(content, { tokenizer, window: languageShape(network).tokens, onText });
  // halved by length and not by a seed; ids are fed as they are
  return { text, summary: { ...summaryOf(text), own: { splitSeed: 0, skipped, leftOut: 0, prepared: true } } };
}

/**
 * The open data as another model reads them: a text is split into its tokens. Undefined where it cannot
 * read it: that has to be opened again.
 */
export async function reread(data: ImageSet | undefined, network: Network, tokenizer: Tokenizer | undefined): Promise<ImageSet | undefined> {
  if (!(data instanceof TextSet)) return data;
  try {
    const model = languageModel(network, tokenizer);
    return await TextSet.read(data.content, { tokenizer: model.tokenizer, window: languageShape(network).tokens });
  } catch {
    return undefined;
  }
}

export function summaryOf(data: ImageSet): DatasetSummary {
  const { id, name, classes, shape } = data;
  const text = data instanceof TextSet ? { text: { stride: data.stride, cloze: data.content.cloze?.items ?? 0 } } : {};
  return { id, name, classes, shape, train: data.count('train'), test: data.count('test'), ...text };
}

function parsed(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
}
