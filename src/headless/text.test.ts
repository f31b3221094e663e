import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { TextSet } from '../datasets/texts/textSet.ts';
import { NoReadableTextError, TextTooShortError } from '../datasets/texts/textErrors.ts';
import { TEXT_ORACLE as oracle, tinyModel } from '../engine/language/fixtures/tinyModels.ts';
import { NotALanguageModelError } from '../engine/language/languageModel.ts';
import { measureText } from '../engine/language/measureText.ts';
import { writeNpy } from '../formats/npy.ts';
import { networkCosts } from '../network/costs.ts';
import { clozeCommand } from './commands/cloze.ts';
import { evaluateCommand } from './commands/evaluate.ts';
import { frontierCommand } from './commands/frontier.ts';
import { generateCommand } from './commands/generate.ts';
import { perplexityCommand } from './commands/perplexity.ts';
import { pruneCommand } from './commands/prune.ts';
import { scoreCommand } from './commands/score.ts';
import { transformCommand } from './commands/transform.ts';
import { InputError, readModelAndTokenizer } from './files.ts';
import { at, json, runHere } from './fixtures/workFolder.ts';

const model = new URL('../formats/fixtures/hf/llama', import.meta.url).pathname;
const { network, tokenizer } = await tinyModel('llama');
const documents = oracle.chapters.map((text) => [text]);
const chapters = oracle.chapters.map((text) => ({ text }));

beforeAll(async () => {
  await mkdir(at('data'));
  await mkdir(at('texts', 'more'), { recursive: true });
  await writeFile(at('data', 'index.json'), JSON.stringify({ kind: 'text', id: 'tiny', name: 'Tiny', calibration: 'c.json', heldOut: 'h.json' }));
  for (const name of ['c.json', 'h.json']) await writeFile(at('data', name), JSON.stringify(chapters));
  for (const [k, text] of oracle.chapters.entries()) await writeFile(at('texts', ...(k === 0 ? [] : ['more']), `${k}.txt`), text);
  await writeFile(at('own.txt'), oracle.chapters.join('\n\n').repeat(3));
  await writeFile(at('cloze.json'), JSON.stringify(oracle.cloze));
});

/** What `lab generate` writes to stdout. */
async function said(options: Record<string, string | number>): Promise<string> {
  const write = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  await runHere(generateCommand(), { model, ...options });
  return write.mock.calls.splice(0).map(([part]) => String(part)).join('');
}

describe('lab perplexity', () => {
  it.each(Object.entries(oracle.losses))('is PyTorch’s at stride %s, from a data folder and from a folder of text files', async (stride, loss) => {
    for (const text of ['data', 'texts']) {
      await runHere(perplexityCommand(), { model, text: at(text), stride, out: at('perplexity.json') });
      const { perplexity, ...rest } = await json<{ perplexity: number }>('perplexity.json');
      expect(Math.log(perplexity) / (loss / (oracle.ids.length - 1)) - 1).toBeCloseTo(0, 5);
      expect(rest).toEqual({ window: 32, stride: Number(stride), tokens: oracle.ids.length - 1 });
    }
  });

  it('is next to another network what measureText says, and 0 and 1 next to itself', async () => {
    await runHere(pruneCommand(), { model, text: at('texts'), windows: 6, target: 'channels=0.5', select: 'l2', compensate: 'none', out: at('pruned') });
    await runHere(perplexityCommand(), { model: at('pruned'), intact: model, text: at('texts'), out: at('compared.json') });
    const text = await TextSet.read({ id: 't', name: 'T', documents: { train: documents, test: documents } }, { tokenizer, window: 32 });
    const pruned = await readModelAndTokenizer(at('pruned'));
    expect(pruned.tokenizer?.encode('Call me Ishmael')).toEqual(tokenizer.encode('Call me Ishmael'));
    expect(await json('compared.json')).toEqual({ window: 32, stride: 16, ...(await measureText(network, pruned.network, text.windows('test'))) });
    await runHere(perplexityCommand(), { model, intact: model, text: at('texts'), out: at('itself.json') });
    expect(await json('itself.json')).toMatchObject({ divergence: 0, agreement: 1, logitError: 0 });
  });
});

describe('lab score, prune, evaluate and frontier', () => {
  it('score on windows of a text as on the same ids in an array', async () => {
    const text = await TextSet.read({ id: 't', name: 'T', documents: { train: documents, test: documents } }, { tokenizer, window: 32 });
    const ids = await text.pixels('train', text.calibrationIndices(4, 1));
    await writeFile(at('ids.npy'), writeNpy([4, 32], ids));
    await runHere(scoreCommand(), { model, text: at('data'), windows: 4, out: at('text.json') });
    await runHere(scoreCommand(), { model, images: at('ids.npy'), out: at('ids.json') });
    const scored = await json<{ groups: unknown[] }>('text.json');
    expect(scored.groups.length).toBeGreaterThan(2);
    expect(scored).toEqual(await json('ids.json'));
  });

  it('prune by a text and write a model as it came, that evaluates', async () => {
    await runHere(pruneCommand(), { model, text: at('own.txt'), windows: 8, target: 'params=0.8', out: at('small-lm') });
    const report = await json<{ images: number; params: { after: number } }>('small-lm', 'report.json');
    expect(report.images).toBe(8);
    const { network: smaller } = await readModelAndTokenizer(at('small-lm'));
    expect(networkCosts(smaller).parameters).toBe(report.params.after);
    await runHere(evaluateCommand(), { model: at('small-lm'), text: at('texts'), out: at('evaluated.json') });
    await runHere(perplexityCommand(), { model: at('small-lm'), text: at('texts'), out: at('perplexity.json') });
    const { perplexity } = await json<{ perplexity: number }>('perplexity.json');
    expect(await json('evaluated.json')).toEqual({ windows: 19, tokens: oracle.ids.length - 1, perplexity });
  });

  it('prune cuts residual channels where it is asked to, and writes them as a plan alone', async () => {
    const asked = { model, text: at('own.txt'), windows: 8, target: 'params=0.7' };
    await runHere(pruneCommand(), { ...asked, residual: true, out: at('resid') });
    const { keep } = await json<{ keep: Record<string, number[]> }>('resid/report.json');
    // 24 residual channels, 56 hidden units, 2 heads
    expect(Object.values(keep).some(({ length }) => length > 2 && length < 24)).toBe(true);
    await expect(runHere(pruneCommand(), { ...asked, residual: true, to: 'huggingFace', out: at('resid2') })).rejects.toThrow(InputError);
  });

  it('measure a frontier of perplexity, divergence and agreement, as JSON or CSV', async () => {
    const options = { model, text: at('own.txt'), windows: 8, 'test-windows': 4, methods: 'l1,singleton/leastSquares/sequential', kind: 'params', targets: '1,0.8' };
    await runHere(frontierCommand(), { ...options, out: at('frontier.json') });
    const { windows, series } = await json<{ windows: number; series: { points: Record<string, number>[] }[] }>('frontier.json');
    expect(windows).toBe(8);
    for (const { points: [whole, cut] } of series) {
      expect(whole).toMatchObject({ target: 1, params: networkCosts(network).parameters, divergence: 0, agreement: 1, tokens: 32 + 3 * 16 });
      expect(cut.params).toBeLessThanOrEqual(0.8 * networkCosts(network).parameters);
      expect(cut.divergence).toBeGreaterThan(0);
      expect(cut.perplexity).toBeGreaterThan(1);
    }
    await runHere(frontierCommand(), { ...options, targets: '0.8', methods: 'l1', test: at('data'), out: at('frontier.csv') });
    const [header, row] = (await readFile(at('frontier.csv'), 'utf8')).split('\n');
    expect(header).toBe('method,target,macs,params,perplexity,divergence,agreement,tokens');
    expect(row).toMatch(/^l1\/none\/oneShot,0\.8,\d+,\d+,[\d.]+,[\d.]+,[\d.]+,80$/);
  });

  it('say what is missing: images or text, a model that reads it, enough of it', async () => {
    const out = at('no.json');
    await expect(runHere(scoreCommand(), { model, out })).rejects.toThrow(InputError);
    await expect(runHere(scoreCommand(), { model, out, images: at('ids.npy'), text: at('data') })).rejects.toThrow(/either --images or/);
    await expect(runHere(evaluateCommand(), { model, out, images: at('ids.npy') })).rejects.toThrow(/--images and --labels or/);
    await expect(runHere(frontierCommand(), { model, out, images: at('ids.npy'), targets: 1 })).rejects.toThrow(InputError);
    await expect(runHere(scoreCommand(), { model: at('small'), out, text: at('data') })).rejects.toThrow(NotALanguageModelError);
    await expect(runHere(scoreCommand(), { model, out, text: at('nowhere.txt') })).rejects.toThrow(/There is no text file or folder/);
    await expect(runHere(scoreCommand(), { model, out, text: at('small') })).rejects.toThrow(NoReadableTextError);
    await writeFile(at('short.txt'), 'Call me Ishmael.');
    await expect(runHere(evaluateCommand(), { model, out, text: at('short.txt') })).rejects.toThrow(TextTooShortError);
  });
});

describe('lab transform', () => {
  it('reads a text too, and what it writes is a language model with its tokenizer', async () => {
    await runHere(transformCommand(), { model, text: at('texts'), windows: 6, kind: 'shortGpt', target: 'params=0.8', out: at('short') });
    await runHere(perplexityCommand(), { model: at('short'), intact: model, text: at('texts'), out: at('short.json') });
    expect((await json<{ divergence: number }>('short.json')).divergence).toBeGreaterThan(0);
  });
});

describe('lab generate and cloze', () => {
  it('write on from a prompt to stdout, the same for a seed', async () => {
    const { prompt, ids } = oracle.greedy;
    const expected = tokenizer.decode([0, ...tokenizer.encode(prompt), ...ids]);
    expect(await said({ prompt, tokens: ids.length, temperature: 0, out: at('written.json') })).toBe(`${expected}\n`);
    expect(await json('written.json')).toMatchObject({ prompt, text: expected.slice(prompt.length), tokens: ids.length, temperature: 0, seed: 1 });
    const drawn = { prompt, tokens: 10, temperature: 1.5, 'top-k': 50 };
    expect(await said({ ...drawn, seed: 5 })).toBe(await said({ ...drawn, seed: 5 }));
    expect(await said({ ...drawn, seed: 5 })).not.toBe(await said({ ...drawn, seed: 6 }));
  });

  it('answer items, the first so many', async () => {
    const right = oracle.cloze.map(({ likelihoods, answer }) => likelihoods.indexOf(Math.max(...likelihoods)) === answer);
    await runHere(clozeCommand(), { model, items: at('cloze.json'), out: at('answers.json') });
    expect(await json('answers.json')).toEqual({ items: 2, accuracy: right.filter(Boolean).length / 2, chance: 0.375 });
    await runHere(clozeCommand(), { model, items: at('cloze.json'), count: 1, out: at('answers.json') });
    expect(await json('answers.json')).toEqual({ items: 1, accuracy: right[0] ? 1 : 0, chance: 0.25 });
    await expect(runHere(clozeCommand(), { model, items: at('own.txt'), out: at('no.json') })).rejects.toThrow(/own\.txt is not readable JSON/);
  });
});
