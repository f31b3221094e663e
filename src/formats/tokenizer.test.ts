import { describe, expect, it } from 'vitest';
import * as fc from 'fast-check';
import { inMemory, modelFolder, oracleOf, TEXT_MODELS, type TextOracle } from './huggingFace/fixtures/folders.ts';
import { readTokenizer, TokenizerError, type Tokenizer } from './tokenizer.ts';

// Expected ids: zoo/tokenizer.py, which the tokenizer was trained with.

const file = new TextDecoder().decode((await modelFolder('gpt2'))['tokenizer.json']);
const description = () => JSON.parse(file) as { model: { vocab: Record<string, number>; merges: string[]; type: string }; added_tokens: object[]; pre_tokenizer: object };
const encoded = (value: unknown): Uint8Array => new TextEncoder().encode(typeof value === 'string' ? value : JSON.stringify(value));
const read = (files: Record<string, unknown>, options = {}) =>
  readTokenizer(inMemory(Object.fromEntries(Object.entries(files).map(([name, value]) => [name, encoded(value)]))), options);

async function tokenizer(files: Record<string, unknown> = { 'tokenizer.json': file }, options = {}): Promise<Tokenizer> {
  const found = await read(files, options);
  if (!found) throw new Error('no tokenizer');
  return found;
}

describe('a tokenizer.json', () => {
  it.each(TEXT_MODELS)('of %s gives the ids that it was made to, and the texts again', async (name) => {
    const { texts } = await oracleOf<TextOracle>(name);
    const found = await readTokenizer(inMemory(await modelFolder(name)), { vocabulary: 288, begin: 0 });
    expect(found?.size).toBe(288);
    expect(found?.begin).toBe(0);
    for (const { text, ids } of texts) {
      expect(found?.encode(text)).toEqual(ids);
      expect(found?.decode(ids)).toBe(text);
    }
  });

  it('spells every text, and gives it back', async () => {
    const found = await tokenizer();
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 40 }), (text) => {
        // half of a surrogate pair has no UTF-8
        fc.pre(!/\p{Cs}/u.test(text));
        expect(found.decode(found.encode(text))).toBe(text);
      }),
      { numRuns: 200, seed: 2 },
    );
    expect(found.encode('')).toEqual([]);
    expect(found.decode([])).toBe('');
    expect(found.decode([999_999])).toBe('');
    expect(found.decode([...found.encode('a , b !'), 0])).toBe('a , b !');
  });

  it('is the same as its vocabulary and merges in GPT-2’s older files', async () => {
    const { texts } = await oracleOf<TextOracle>('opt');
    const { model } = description();
    const older = await tokenizer({ 'vocab.json': model.vocab, 'merges.txt': `#version: 0.2\n${model.merges.join('\n')}\n`, 'tokenizer_config.json': { bos_token: { content: '<|endoftext|>' } } });
    for (const { text, ids } of texts) expect(older.encode(text)).toEqual(ids);
    expect(older.encode('a<|endoftext|>')).toEqual([...older.encode('a'), 0]);
    expect(older.decode([0, ...texts[0].ids])).toBe(texts[0].text);
  });

  it('is asked for where a place does not list its files, and need not be there', async () => {
    const all = inMemory({ 'tokenizer.json': encoded(file) });
    const asked: string[] = [];
    const unlisted = { paths: ['config.json'], has: async (path: string) => (asked.push(path), path === 'm/tokenizer.json'), read: (path: string) => all.read(path.slice(2)) };
    expect((await readTokenizer(unlisted, { folder: 'm/' }))?.size).toBe(288);
    expect(asked).toEqual(['m/tokenizer.json']);
    expect(await read({ 'config.json': {} })).toBeUndefined();
  });

  it.each<[string, () => unknown, RegExp]>([
    ['that is cut short', () => file.slice(0, 900), /tokenizer\.json is not JSON/],
    ['that is a list', () => [], /its content is not understood/],
    ['of another kind', () => ({ ...description(), model: { type: 'WordLevel', vocab: { a: 0 } } }), /"model\.type" is not understood.*BPE, Unigram or WordPiece/],
    ['with an id beyond all vocabularies', () => ({ ...description(), added_tokens: [{ id: 4e9, content: 'x' }] }), /"added_tokens\.0\.id" is not understood/],
    ['without tokens', () => ({ ...description(), model: { type: 'BPE', vocab: {}, merges: [] }, added_tokens: [] }), /has no tokens/],
    ['with a part that the library does not know', () => ({ ...description(), pre_tokenizer: { type: 'Nonsense' } }), /library does not read: .*Nonsense/],
    ['with merges that are none', () => ({ ...description(), model: { ...description().model, merges: 5 } }), /library does not read/],
    ['of more tokens than the model has', () => ({ ...description(), added_tokens: [...description().added_tokens, { id: 288, content: '<x>' }] }), /has 289 tokens, but the model only 288\. It belongs to another/],
  ])('%s is refused', async (_, make, message) => {
    const reading = read({ 'tokenizer.json': make() }, { vocabulary: 288 });
    await expect(reading).rejects.toThrow(TokenizerError);
    await expect(reading).rejects.toThrow(message);
  });

  it('leaves out what no token spells, as its format has it, unless it says that something stands for it', async () => {
    const { added_tokens: _, ...rest } = description();
    const few = await tokenizer({ 'tokenizer.json': { ...rest, model: { ...rest.model, vocab: { a: 0, b: 1 }, merges: [] } } });
    expect(few.encode('abcba')).toEqual([0, 1, 1, 0]);
    const words = { type: 'WordPiece', vocab: { a: 0, b: 1 }, unk_token: '[UNK]', continuing_subword_prefix: '##', max_input_chars_per_word: 100 };
    const spoken = await tokenizer({ 'tokenizer.json': { ...rest, pre_tokenizer: { type: 'Whitespace' }, decoder: null, model: words } });
    expect(spoken.encode('a b a')).toEqual([0, 1, 0]);
    expect(() => spoken.encode('a c')).toThrow(/no token for "\[UNK\]"/);
  });
});
