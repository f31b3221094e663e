import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { TEXT_ORACLE as oracle, tinyModel } from '../../engine/language/fixtures/tinyModels.ts';
import { ArgumentRangeError } from '../../fidelity/argumentErrors.ts';
import { DataFileError } from '../packedImages.ts';
import { ClozeFileError } from './cloze.ts';
import { TextTooShortError } from './textErrors.ts';
import { isTextIndex, openTextFolder } from './textFolder.ts';
import { TextSet, type TextContent } from './textSet.ts';
import { disjointWindows, stridedWindows } from './textWindows.ts';

const { tokenizer } = await tinyModel('llama');
const chapters = oracle.chapters.map((text) => [text]);
const content: TextContent = { id: 'tiny', name: 'Tiny', documents: { train: chapters, test: chapters } };

/** Tokens that each counted prediction of a text is of, and how many tokens its window shows before it. */
function foretold(tokens: number, window: number, stride: number): { of: number; seen: number }[] {
  return stridedWindows(tokens, window, stride).flatMap(({ begin, from, to }) => Array.from({ length: to - from }, (_, k) => ({ of: begin + from + k + 1, seen: from + k + 1 })));
}

async function shipped(file: string): Promise<Uint8Array> {
  return new Uint8Array(await readFile(new URL(`../../../public/data/novels/${file}`, import.meta.url)));
}

async function shippedIndex(): Promise<unknown> {
  return JSON.parse(new TextDecoder().decode(await shipped('index.json')));
}

describe('windows of a text', () => {
  it('foretell every token but the first once, each with the tokens before it that train_lm.py shows it', () => {
    fc.assert(fc.property(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 60 }), fc.integer({ min: 1, max: 12 }), (window, more, any) => {
      const tokens = window + more;
      const stride = Math.min(any, window);
      const found = foretold(tokens, window, stride);
      expect(found.map(({ of }) => of)).toEqual(Array.from({ length: tokens - 1 }, (_, k) => k + 1));
      for (const { of, seen } of found) {
        const end = Math.min(Math.ceil(of / stride) * stride, tokens - 1);
        expect(seen, `token ${of}`).toBe(of - Math.max(0, end - window));
      }
      for (const { begin, to } of stridedWindows(tokens, window, stride)) {
        expect(begin).toBeGreaterThanOrEqual(0);
        expect(begin + window).toBeLessThan(tokens);
        expect(to).toBeLessThanOrEqual(window);
      }
    }));
  });

  it('that calibrate are disjoint and full, and the token behind each is known', () => {
    expect(disjointWindows(9, 4)).toEqual([{ begin: 0, from: 0, to: 4 }, { begin: 4, from: 0, to: 4 }]);
    expect(disjointWindows(8, 4)).toHaveLength(1);
    expect(disjointWindows(4, 4)).toEqual([]);
  });

  it('have a stride from 1 to their length', () => {
    for (const stride of [0, 5, 1.5, NaN]) expect(() => stridedWindows(20, 4, stride)).toThrow(ArgumentRangeError);
  });
});

describe('a text as a set of windows', () => {
  it('has the tokens of train_lm.py’s token_stream, each chapter begun by the end of text', async () => {
    const text = await TextSet.read(content, { tokenizer, window: 32 });
    expect([text.shape, text.stride, text.classes]).toEqual([[32], 16, []]);
    expect([...(await text.pixels('test', [0]))]).toEqual(oracle.ids.slice(0, 32));
    const { ids } = oracle;
    for (const split of ['train', 'test'] as const) {
      for (let index = 0; index < text.count(split); index++) {
        const read = [...(await text.pixels(split, [index]))];
        const { from, targets } = text.targets(split, index);
        const at = split === 'train' ? 32 * index : Math.min(16 * index, ids.length - 33);
        expect(read).toEqual(ids.slice(at, at + 32));
        expect([...targets]).toEqual(ids.slice(at + from + 1, at + 33));
      }
    }
    expect(text.count('train')).toBe(Math.floor((ids.length - 1) / 32));
    expect(await text.labels()).toBeUndefined();
    expect(() => text.targets('test', text.count('test'))).toThrow(RangeError);
  });

  it('draws calibration windows by seed, the first of many being those of a few', async () => {
    const text = await TextSet.read(content, { tokenizer, window: 8 });
    const many = text.calibrationIndices(1000, 3);
    expect(many.toSorted((a, b) => a - b)).toEqual(Array.from({ length: text.count('train') }, (_, k) => k));
    expect(text.calibrationIndices(5, 3)).toEqual(many.slice(0, 5));
    expect(text.calibrationIndices(5, 4)).not.toEqual(many.slice(0, 5));
  });

  it('names both lengths where a text is shorter than a window', async () => {
    const short = { ...content, documents: { train: chapters, test: [['Call me']] } };
    await expect(TextSet.read(short, { tokenizer, window: 32 })).rejects.toThrow(TextTooShortError);
    await expect(TextSet.read(short, { tokenizer, window: 32 })).rejects.toThrow(/measures of “Tiny” has \d tokens, but a window of 32 .* need 33/);
  });

  it('reports characters as it reads, and stops where that throws', async () => {
    const seen: number[] = [];
    await TextSet.read(content, { tokenizer, window: 32, onText: async (done, total) => void seen.push(done / total) });
    expect(seen).toHaveLength(4);
    expect(seen.at(-1)).toBe(1);
    await expect(TextSet.read(content, { tokenizer, window: 32, onText: () => Promise.reject(new Error('enough')) })).rejects.toThrow('enough');
  });
});

describe('a folder of text', () => {
  it('is told by its index, and the shipped one has chapters and as many items as it says', async () => {
    expect(isTextIndex(await shippedIndex())).toBe(true);
    expect(isTextIndex({ id: 'cifar10', classes: [] })).toBe(false);
    const novels = await openTextFolder(await shippedIndex(), shipped);
    const { train, test } = novels.documents;
    expect([train.length > 5, test.length > 5]).toEqual([true, true]);
    const passages = new Set(train.flat());
    expect(test.flat().some((text) => passages.has(text))).toBe(false);
    const items = await novels.cloze?.read();
    expect(items).toHaveLength(novels.cloze?.items ?? -1);
    expect(items?.[0].choices).toHaveLength(4);
  });

  it('that is not what its index says is an error that names the file', async () => {
    const text = new TextEncoder();
    const fetched = (files: Record<string, unknown>) => async (file: string) => text.encode(typeof files[file] === 'string' ? files[file] : JSON.stringify(files[file]));
    const good = { kind: 'text', id: 'a', name: 'A', calibration: 'c.json', heldOut: 'h.json', cloze: { file: 'z.json', items: 1 } };
    await expect(openTextFolder({ ...good, heldOut: 3 }, fetched({}))).rejects.toThrow(DataFileError);
    await expect(openTextFolder(good, fetched({ 'c.json': [{ text: 'x' }], 'h.json': [{ words: 'x' }] }))).rejects.toThrow(/h\.json is no list of chapters/);
    await expect(openTextFolder(good, fetched({ 'c.json': '[', 'h.json': [] }))).rejects.toThrow(/c\.json is not readable JSON/);
    const opened = await openTextFolder(good, fetched({ 'c.json': [], 'h.json': [], 'z.json': [{ context: 'a', choices: ['b', 'c'], answer: 2 }] }));
    await expect(opened.cloze?.read()).rejects.toThrow(ClozeFileError);
    await expect(opened.cloze?.read()).rejects.toThrow(/answer of item 0 is 2, but it has 2 choices/);
  });
});
