import { z } from 'zod/mini';
import { DataFileError } from '../packedImages.ts';
import { parseCloze } from './cloze.ts';
import type { TextContent } from './textSet.ts';

/** `index.json` of a folder of text. Chapters lie in JSON lists of `{ text }`. */
const textIndex = z.object({
  kind: z.literal('text'),
  id: z.string(),
  name: z.string(),
  calibration: z.string(),
  heldOut: z.string(),
  cloze: z.optional(z.object({ file: z.string(), items: z.int().check(z.positive()) })),
});

const chapters = z.array(z.object({ text: z.string() }));

/** Whether the content of an `index.json` says that the folder holds text. */
export function isTextIndex(index: unknown): boolean {
  return typeof index === 'object' && index !== null && Reflect.get(index, 'kind') === 'text';
}

/**
 * A data folder of text: each chapter is a document of its own. The items are read when they are asked for.
 *
 * @param fetchFile the bytes of a file in the folder
 * @throws DataFileError where a file is not what it should be
 */
export async function openTextFolder(index: unknown, fetchFile: (file: string) => Promise<Uint8Array>): Promise<TextContent> {
  const parsed = z.safeParse(textIndex, index);
  if (!parsed.success) throw new DataFileError(`index.json does not describe a folder of text: ${z.prettifyError(parsed.error)}`);
  const { id, name, calibration, heldOut, cloze } = parsed.data;
  const read = async (file: string) => jsonOf(file, await fetchFile(file));
  const chaptersOf = async (file: string) => {
    const found = z.safeParse(chapters, await read(file));
    if (!found.success) throw new DataFileError(`${file} is no list of chapters: ${z.prettifyError(found.error)}`);
    return found.data.map(({ text }) => [text]);
  };
  const [train, test] = await Promise.all([calibration, heldOut].map(chaptersOf));
  return {
    id,
    name,
    documents: { train, test },
    ...(cloze ? { cloze: { items: cloze.items, read: async () => parseCloze(cloze.file, await read(cloze.file)) } } : {}),
  };
}

function jsonOf(file: string, bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    throw new DataFileError(`${file} is not readable JSON.`);
  }
}
