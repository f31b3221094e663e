import { isLitter, isZipPath } from '../findPictures.ts';
import type { SkippedPicture } from '../ownPictures.ts';
import type { NamedFile } from '../../storage/namedFile.ts';
import { openZip } from '../zipFiles.ts';
import { NoReadableTextError, NotTextError, TextTooLargeError } from './textErrors.ts';
import type { TextContent } from './textSet.ts';
import type { TextDocument } from './tokenStream.ts';

/** Bytes of text that one set is made of at most: some four million tokens. */
export const MOST_TEXT_BYTES = 16 * 1024 * 1024;

const TEXT = /\.(txt|text|md|markdown)$/i;
const ORDER = new Intl.Collator('en', { numeric: true });

/** Characters that are given to a tokenizer at once, if a paragraph ends there: so that reading can be stopped. */
const PIECE = 32_768;

export function isTextPath(path: string): boolean {
  return TEXT.test(path);
}

export interface OwnText {
  readonly content: TextContent;
  readonly skipped: readonly SkippedPicture[];
}

/**
 * A person's plain-text files, alone or in folders and zips: each a document, in the order of their paths, and
 * all together halved by length. The first half calibrates, the second measures; the cut is at the end of a
 * paragraph, of a line or of a word, whatever there is near the middle.
 *
 * @throws NoReadableTextError, NotTextError, TextTooLargeError, PictureZipError
 */
export async function readOwnText(files: readonly NamedFile[], { id, name }: { readonly id: string; readonly name: string }): Promise<OwnText> {
  const { texts, skipped } = await readTextFiles(files);
  const [train, test] = halved(texts);
  return { content: { id, name, documents: { train: train.map(inPieces), test: test.map(inPieces) } }, skipped };
}

/** The same files undivided. */
export async function readWholeText(files: readonly NamedFile[]): Promise<readonly TextDocument[]> {
  return (await readTextFiles(files)).texts.map(inPieces);
}

async function readTextFiles(files: readonly NamedFile[]): Promise<{ readonly texts: readonly string[]; readonly skipped: readonly SkippedPicture[] }> {
  const all: NamedFile[] = [];
  for (const file of files) {
    if (isZipPath(file.path)) all.push(...openZip(file.path, await file.read()));
    else all.push(file);
  }
  const wanted = all.filter(({ path }) => !isLitter(path)).sort((a, b) => ORDER.compare(a.path, b.path));
  const chosen = wanted.filter(({ path }) => TEXT.test(path));
  if (chosen.length === 0) throw new NoReadableTextError(nothingFound(wanted.map(({ path }) => path)));
  const bytes = chosen.reduce((sum, { size }) => sum + size, 0);
  if (bytes > MOST_TEXT_BYTES) {
    const [largest] = chosen.toSorted((a, b) => b.size - a.size);
    throw new TextTooLargeError(`The text takes ${megabytes(bytes)} (${largest.path} alone ${megabytes(largest.size)}); ${megabytes(MOST_TEXT_BYTES)} is the most that is read. Choose a part of it.`);
  }
  const texts: string[] = [];
  for (const file of chosen) texts.push(decoded(file.path, await file.read()));
  const skipped = wanted.filter((file) => !chosen.includes(file)).map(({ path }) => ({ path, reason: 'is no plain text (.txt or .md)' }));
  return { texts: texts.filter((text) => text.trim() !== ''), skipped };
}

/** @throws NotTextError */
function decoded(path: string, bytes: Uint8Array): string {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new NotTextError(path, 'is not UTF-8');
  }
  if (text.includes('\0')) throw new NotTextError(path, 'holds bytes of value 0, as binary files and UTF-16 do');
  return text.replace(/\r\n?/g, '\n');
}

/** The documents before and after the middle of all; the one that it falls in is cut. */
function halved(texts: readonly string[]): readonly [readonly string[], readonly string[]] {
  const half = texts.reduce((sum, { length }) => sum + length, 0) / 2;
  let before = 0;
  const at = texts.findIndex(({ length }) => {
    before += length;
    return before > half;
  });
  if (at < 0) return [[], []];
  const text = texts[at];
  const cut = cutNear(text, Math.round(half - (before - text.length)));
  const parts = [text.slice(0, cut).trimEnd(), text.slice(cut).trimStart()];
  return [[...texts.slice(0, at), parts[0]].filter(Boolean), [parts[1], ...texts.slice(at + 1)].filter(Boolean)];
}

/** Where to cut near `middle`: the nearest end of a paragraph within a tenth of the text, else of a line, else of a word. */
function cutNear(text: string, middle: number): number {
  if (middle <= 0 || middle >= text.length) return middle;
  const reach = Math.ceil(Math.max(200, text.length / 10));
  const first = Math.max(0, middle - reach);
  const near = text.slice(first, middle + reach);
  for (const gap of [/\n[ \t]*\n\s*/g, /\n/g, /\s/g]) {
    const ends = [...near.matchAll(gap)].map(({ index, 0: { length } }) => first + index + length);
    const nearest = ends.reduce((best, end) => (Math.abs(end - middle) < Math.abs(best - middle) ? end : best), Infinity);
    if (nearest < text.length) return nearest;
  }
  return middle;
}

/** A document in pieces of at most about `PIECE` characters; a piece begins with the blank lines before its paragraph. */
function inPieces(text: string): TextDocument {
  const pieces: string[] = [];
  let begin = 0;
  while (text.length - begin > PIECE) {
    const end = text.lastIndexOf('\n\n', begin + PIECE);
    // not within a run of line ends
    let cut = end;
    while (cut > begin && text[cut - 1] === '\n') cut -= 1;
    if (cut <= begin) cut = nextParagraph(text, begin + PIECE);
    pieces.push(text.slice(begin, cut));
    begin = cut;
  }
  pieces.push(text.slice(begin));
  return pieces.filter((piece) => piece !== '');
}

function nextParagraph(text: string, from: number): number {
  const at = text.indexOf('\n\n', from);
  return at < 0 ? text.length : at;
}

function nothingFound(others: readonly string[]): string {
  const found = others.length === 0 ? 'There are no files' : `Among ${others.slice(0, 3).join(', ')}${others.length > 3 ? ` and ${others.length - 3} more` : ''} there is no text`;
  return `${found}. A text is one or more .txt or .md files in UTF-8, alone or in folders and zips.`;
}

function megabytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MB`;
}
