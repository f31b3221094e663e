import { zipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import type { NamedFile } from '../../storage/namedFile.ts';
import { isTextPath, MOST_TEXT_BYTES, readOwnText, readWholeText } from './ownText.ts';
import { NoReadableTextError, NotTextError, TextTooLargeError } from './textErrors.ts';

const own = { id: 'own', name: 'My text' };

function file(path: string, content: string | Uint8Array): NamedFile {
  const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content;
  return { path, size: bytes.length, read: async () => bytes };
}

/** Paragraphs of some words each. */
function paragraphs(count: number, first = 0): string {
  return Array.from({ length: count }, (_, k) => `Paragraph ${first + k} has a few words of its own.`).join('\n\n');
}

describe('a person’s own text', () => {
  it('is halved by length at the end of a paragraph', async () => {
    const { content: { documents: { train, test } }, skipped } = await readOwnText([file('one.txt', paragraphs(10))], own);
    expect(train).toEqual([[paragraphs(5)]]);
    expect(test).toEqual([[paragraphs(5, 5)]]);
    expect(skipped).toEqual([]);
  });

  it('is several files in the order of their paths, the one in the middle cut in two', async () => {
    const files = [file('b/10.md', paragraphs(4, 20)), file('b/9.txt', paragraphs(4, 10)), file('a.txt', paragraphs(4))];
    const { content: { documents: { train, test } } } = await readOwnText(files, own);
    expect(train).toEqual([[paragraphs(4)], [paragraphs(2, 10)]]);
    expect(test).toEqual([[paragraphs(2, 12)], [paragraphs(4, 20)]]);
  });

  it('is cut at the end of a line, or of a word, where there is no paragraph near the middle', async () => {
    const lines = Array.from({ length: 100 }, (_, k) => `line ${k} of a poem`).join('\n');
    const words = Array.from({ length: 500 }, (_, k) => `word${k}`).join(' ');
    for (const [text, gap] of [[lines, '\n'], [words, ' ']] as const) {
      const { content: { documents: { train: [[before]], test: [[after]] } } } = await readOwnText([file('a.txt', text)], own);
      expect(before + gap + after).toBe(text);
      expect(Math.abs(before.length - after.length)).toBeLessThan(40);
    }
  });

  it('comes in zips and folders too; other files are named, litter is not', async () => {
    const zip = zipSync({ 'book/1.txt': new TextEncoder().encode(paragraphs(6)), '__MACOSX/1.txt': new Uint8Array([0]), 'book/cover.png': new Uint8Array(9) });
    const { content, skipped } = await readOwnText([file('book.zip', zip)], own);
    expect(content.documents.train.flat().join()).toContain('Paragraph 0');
    expect(skipped).toEqual([{ path: 'book/cover.png', reason: 'is no plain text (.txt or .md)' }]);
  });

  it('keeps every character of a long file in pieces that begin at paragraphs', async () => {
    const text = paragraphs(4000);
    const [pieces] = await readWholeText([file('long.txt', `\uFEFF${text.replaceAll('\n', '\r\n')}`)]);
    expect(pieces.length).toBeGreaterThan(4);
    expect(pieces.join('')).toBe(text);
    for (const piece of pieces.slice(1)) expect(piece).toMatch(/^\n\nParagraph \d+/);
  });

  it('is refused by name where it is binary, not UTF-8, too large, or no text at all', async () => {
    await expect(readOwnText([file('a.txt', Uint8Array.of(72, 0, 105, 0))], own)).rejects.toThrow(NotTextError);
    await expect(readOwnText([file('a.txt', Uint8Array.of(72, 0xff, 105))], own)).rejects.toThrow(/a\.txt is not UTF-8\. Save it as plain text/);
    await expect(readOwnText([file('a.pdf', 'x'), file('b.docx', 'y')], own)).rejects.toThrow(NoReadableTextError);
    await expect(readOwnText([file('a.pdf', 'x')], own)).rejects.toThrow(/Among a\.pdf there is no text/);
    await expect(readOwnText([{ ...file('huge.txt', 'x'), size: MOST_TEXT_BYTES + 1 }], own)).rejects.toThrow(TextTooLargeError);
    expect(['a.TXT', 'b.md', 'c.json'].map(isTextPath)).toEqual([true, true, false]);
  });
});
