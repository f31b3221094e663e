import { beforeAll, describe, expect, it, vi } from 'vitest';
import { NoClozeError, NoReadableTextError, NotTextError, TextTooShortError } from '../datasets/texts/textErrors.ts';
import { TextSet } from '../datasets/texts/textSet.ts';
import { computeLogits } from '../engine/evaluate.ts';
import { TEXT_ORACLE as oracle, tinyModel } from '../engine/language/fixtures/tinyModels.ts';
import { NotALanguageModelError, NoTokenizerError } from '../engine/language/languageModel.ts';
import { measureText } from '../engine/language/measureText.ts';
import { CancelledError } from '../engine/job.ts';
import { modelFolder } from '../formats/huggingFace/fixtures/folders.ts';
import { zipTfjsLayers } from '../formats/tfjsLayers.ts';
import { coupling } from '../network/coupling.ts';
import { networkCosts } from '../network/costs.ts';
import { pixelNetwork } from '../network/fixtures/pixelNetwork.ts';
import type { PrunePlan } from '../network/prunePlan.ts';
import { prune } from '../network/surgery.ts';
import { consumerLayers } from '../pruning/consumerLayers.ts';
import { StatisticsStore } from '../pruning/statisticsStore.ts';
import { Engine } from './engine.ts';
import type { ModelSource, OwnSource, StatisticsMessage } from './protocol.ts';
import { NotForTextError } from './texts.ts';

// Vite gives these imports as URLs of the built page; in Node the backend reads the files themselves.
vi.mock('@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm?url', async () => ({
  default: `${(await import('../engine/fixtures/wasmBackend.ts')).WASM_FOLDER}tfjs-backend-wasm-simd.wasm`,
}));
vi.mock('@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm?url', async () => ({
  default: `${(await import('../engine/fixtures/wasmBackend.ts')).WASM_FOLDER}tfjs-backend-wasm.wasm`,
}));

const nobody = (): void => {};
const FOLDER = 'http://lab.test/data/tiny';
const { network, tokenizer } = await tinyModel('llama');
const documents = oracle.chapters.map((text) => [text]);
const content = { id: 'tiny', name: 'Tiny', documents: { train: documents, test: documents } };
const free = coupling(network).groups.filter(({ frozen }) => frozen === undefined);
const plan: PrunePlan = { keep: Object.fromEntries(free.map(({ name, channels }) => [name, Array.from({ length: Math.ceil(channels / 2) }, (_, k) => k)])), weights: {} };
let engine: Engine;
let nextJob = 1;

async function filesOf(name: string, without: readonly string[] = []): Promise<ModelSource> {
  const files = Object.entries(await modelFolder(name)).filter(([path]) => !without.includes(path));
  return { kind: 'files', files: files.map(([path, bytes]) => ({ path, file: new File([Uint8Array.from(bytes)], path) })) };
}

function ownText(files: Readonly<Record<string, string | Uint8Array>>): { readonly source: OwnSource } {
  return { source: { kind: 'files', name: 'My text', files: Object.entries(files).map(([path, bytes]) => ({ path, file: new File([typeof bytes === 'string' ? bytes : Uint8Array.from(bytes)], path) })) } };
}

/** From now on these are the files of the site. */
function host(files: Readonly<Record<string, unknown>>): void {
  vi.stubGlobal('fetch', async (address: string) => {
    const file = files[new URL(address).pathname];
    return file === undefined ? new Response('<html>', { status: 404 }) : new Response(JSON.stringify(file));
  });
}

const index = { kind: 'text', id: 'tiny', name: 'Tiny', calibration: 'c.json', heldOut: 'h.json', cloze: { file: 'z.json', items: 2 } };
const chapters = oracle.chapters.map((text) => ({ text }));

beforeAll(async () => {
  host({ '/data/tiny/index.json': index, '/data/tiny/c.json': chapters, '/data/tiny/h.json': chapters, '/data/tiny/z.json': oracle.cloze });
  engine = new Engine();
  await engine.start('auto');
  await engine.loadModel(nextJob++, await filesOf('llama'), nobody);
  await engine.loadDataset(FOLDER);
});

describe('a text folder', () => {
  it('is opened as windows of the model’s length, with its stride and its items', async () => {
    const windows = Math.floor((oracle.ids.length - 1) / 32);
    expect(await engine.loadDataset(FOLDER)).toMatchObject({ id: 'tiny', classes: [], shape: [32], train: windows, text: { stride: 16, cloze: 2 } });
  });

  it('calibrates: the statistics are those of its windows', async () => {
    const layers = consumerLayers(network, coupling(network));
    const { port1, port2 } = new MessageChannel();
    const store = new StatisticsStore(layers);
    const ended = new Promise<void>((resolve) => {
      port2.onmessage = ({ data }: MessageEvent<StatisticsMessage>) => (data.kind === 'batch' ? store.add(data) : resolve());
    });
    await engine.calibrate(nextJob++, { images: 4, seed: 2 }, port1, nobody);
    await ended;
    port2.close();
    const text = await TextSet.read(content, { tokenizer, window: 32 });
    const x = await text.pixels('train', text.calibrationIndices(4, 2));
    const last = layers[layers.length - 1];
    const [before] = last.node.inputs;
    const { values } = await computeLogits({ ...network, outputs: [before] }, { count: 4, shape: [32], read: async () => x });
    const features = values.length / (4 * 32);
    const energy = values.reduce((sum, value, k) => sum + (k % features === 0 ? value ** 2 : 0), 0) / 4;
    expect(store.measures().statistics.get(last.id)?.gram[0]).toBeCloseTo(energy, 3);
  });

  it('measures: perplexity, divergence and next-token agreement, as measureText has them', async () => {
    const text = await TextSet.read(content, { tokenizer, window: 32 });
    const { tensors } = await engine.memory();
    for (const images of [3, 1000]) {
      const { agreement, logitError, ...expected } = await measureText(network, prune(network, plan), text.windows('test', images));
      const { seconds, ...found } = await engine.evaluate(nextJob++, { plan, images }, nobody);
      expect(seconds).toBeGreaterThan(0);
      expect(found).toEqual({ images: Math.min(images, text.count('test')), text: expected, agreement, logitError, perClass: [], predictions: new Int32Array(), labels: new Int32Array() });
      expect(found.agreement).toBeLessThan(1);
      expect(found.text?.divergence).toBeGreaterThan(0.01);
    }
    expect(await engine.evaluate(nextJob++, { images: 3 }, nobody)).toMatchObject({ agreement: 1, logitError: 0, text: { divergence: 0 } });
    expect((await engine.memory()).tensors).toBe(tensors);
    const job = nextJob++;
    await expect(engine.evaluate(job, { plan, images: 1000 }, () => void engine.cancel(job))).rejects.toThrow(CancelledError);
    expect((await engine.memory()).tensors).toBe(tensors);
  });

  it('is pruned in sequence, and a rule without labels scores on it', async () => {
    const refitted = await engine.pruneSequentially(nextJob++, { keep: plan.keep, compensate: 'leastSquares', images: 8, seed: 1 }, nobody);
    const [cut, better] = [await engine.evaluate(nextJob++, { plan, images: 1000 }, nobody), await engine.evaluate(nextJob++, { plan: refitted, images: 1000 }, nobody)];
    expect(better.logitError).toBeLessThan(cut.logitError);
    const scores = await engine.criterion(nextJob++, { select: 'coar', images: 4, seed: 1 }, nobody);
    expect(Object.keys(scores).sort()).toEqual(Object.keys(plan.keep).sort());
  });

  it('is made smaller by whole blocks and by its principal components, and measured', async () => {
    const intact = await engine.evaluate(nextJob++, { images: 1000 }, nobody);
    for (const [transform, value] of [['shortGpt', 0.7], ['sliceGpt', 0.9]] as const) {
      const { cost, evaluation } = await engine.transform(nextJob++, { transform, share: { kind: 'params', value }, testImages: 1000, images: 8, seed: 1 }, nobody);
      expect(cost.params, transform).toBeLessThanOrEqual(value * networkCosts(network).parameters);
      expect(evaluation.text?.intactPerplexity, transform).toBeCloseTo(intact.text?.perplexity ?? 0, 6);
      expect(evaluation.text?.divergence, transform).toBeGreaterThan(1e-3);
      expect(evaluation.agreement, transform).toBeLessThan(1);
    }
    await expect(engine.transform(nextJob++, { transform: 'sliceGpt', share: { kind: 'params', value: 0.01 }, testImages: 3, images: 4, seed: 1 }, nobody)).rejects.toThrow();
  });

  it('has passages that excite a channel most, whole and in their order', async () => {
    const node = 'model.layers.1.mlp.gate_proj';
    const found = await engine.excitingText(nextJob++, { node, channel: 3, count: 5 });
    expect(found).toHaveLength(5);
    expect(found.map(({ activation }) => activation)).toEqual(found.map(({ activation }) => activation).toSorted((a, b) => b - a));
    const whole = oracle.chapters.join('');
    for (const { before, token, after } of found) expect(whole).toContain((before + token + after).replaceAll('�', ''));
    // the greatest of all tokens, each alone with those that its window shows before it
    const text = await TextSet.read(content, { tokenizer, window: 32 });
    const { values } = await computeLogits({ ...network, outputs: [node] }, text.windows('test'));
    expect(found[0].activation).toBeCloseTo(values.reduce((most, value, k) => (k % 56 === 3 ? Math.max(most, value) : most), -Infinity), 4);
    await expect(engine.excitingText(nextJob++, { node, channel: 56, count: 5 })).rejects.toThrow(/Channel 56 of "model\.layers\.1\.mlp\.gate_proj" has no value at each token: its values are 32 × 56/);
  });

  it('has no pictures: calls for some give none, and what needs some says so', async () => {
    expect(await engine.gallery({ images: 3, seed: 1 })).toEqual([]);
    expect(await engine.pictures('test', [0])).toEqual([]);
    expect(await engine.preview(3)).toMatchObject({ pictures: [] });
    await expect(engine.setPreprocessing({ fit: 'crop', scale: [2, 2, 2], offset: [1, 1, 1], order: 'RGB' } as never)).resolves.toBeUndefined();
    expect((await engine.evaluate(nextJob++, { images: 2 }, nobody)).text?.tokens).toBe(48);
    const refused: Promise<unknown>[] = [
      engine.exciting(nextJob++, { node: 'x', channel: 0, count: 1 }),
      engine.invert(nextJob++, { count: 2, steps: 1, seed: 1 }, nobody),
      engine.pruneSequentially(nextJob++, { keep: plan.keep, compensate: 'none', images: 2, seed: 1, source: { kind: 'gaussian' } }, nobody),
      engine.measureForgetting(nextJob++, { network, classes: [0], images: 2 }, nobody),
      engine.sensitivity(nextJob++, { seed: 1, forgetClass: 0, testImages: 2, other: FOLDER } as never, nobody, nobody),
    ];
    for (const call of refused) await expect(call).rejects.toThrow(NotForTextError);
  });
});

describe('writing and answering', () => {
  it('writes on from a prompt, with a plan’s network or the intact one, and streams', async () => {
    const { prompt, ids } = oracle.greedy;
    const seen: string[] = [];
    const request = { prompt, tokens: ids.length, temperature: 0, seed: 1 };
    const { text, tokens } = await engine.generate(nextJob++, request, (so) => seen.push(so));
    expect(tokens).toBe(ids.length);
    expect(text).toBe(tokenizer.decode([0, ...tokenizer.encode(prompt), ...ids]).slice(prompt.length));
    expect(seen).toHaveLength(ids.length);
    expect((await engine.generate(nextJob++, { ...request, plan }, nobody)).text).not.toBe(text);
    const { tensors } = await engine.memory();
    const job = nextJob++;
    await expect(engine.generate(job, request, () => void engine.cancel(job))).rejects.toThrow(CancelledError);
    expect((await engine.memory()).tensors).toBe(tensors);
  });

  it('answers the items that come with the text, and says where there are none', async () => {
    const best = oracle.cloze.filter(({ likelihoods, answer }) => likelihoods.indexOf(Math.max(...likelihoods)) === answer).length;
    expect(await engine.cloze(nextJob++, { items: 1000 }, nobody)).toMatchObject({ items: 2, accuracy: best / 2, chance: 0.375 });
    expect(await engine.cloze(nextJob++, { items: 1, plan }, nobody)).toMatchObject({ items: 1, chance: 0.25 });
    await engine.loadText(nextJob++, ownText({ 'a.txt': oracle.chapters.join('\n\n').repeat(2) }), nobody);
    await expect(engine.cloze(nextJob++, { items: 1 }, nobody)).rejects.toThrow(NoClozeError);
    await engine.loadDataset(FOLDER);
  });
});

describe('a person’s own text', () => {
  it('is halved, read in the model’s tokens and measured; what was open stays where it cannot be read', async () => {
    const seen: number[] = [];
    const summary = await engine.loadText(nextJob++, ownText({ 'b.md': oracle.chapters[0], 'a.txt': oracle.chapters[0], 'c.png': 'x' }), ({ done, total }) => seen.push(done / total));
    expect(summary).toMatchObject({ id: 'own', name: 'My text', shape: [32], text: { stride: 16, cloze: 0 }, own: { skipped: [{ path: 'c.png', reason: 'is no plain text (.txt or .md)' }], prepared: true } });
    expect(seen.at(-1)).toBe(1);
    const before = await engine.evaluate(nextJob++, { images: 1000 }, nobody);
    // the second file, alone
    const alone = await measureText(network, undefined, (await TextSet.read({ ...content, documents: { train: [[oracle.chapters[0]]], test: [[oracle.chapters[0]]] } }, { tokenizer, window: 32 })).windows('test'));
    expect(before.text?.perplexity).toBe(alone.perplexity);
    await expect(engine.loadText(nextJob++, ownText({ 'a.txt': 'too short' }), nobody)).rejects.toThrow(TextTooShortError);
    await expect(engine.loadText(nextJob++, ownText({ 'a.txt': Uint8Array.of(0, 1, 2) }), nobody)).rejects.toThrow(NotTextError);
    await expect(engine.loadText(nextJob++, ownText({ 'a.png': 'x' }), nobody)).rejects.toThrow(NoReadableTextError);
    const job = nextJob++;
    await expect(engine.loadText(job, ownText({ 'a.txt': oracle.chapters.join('\n\n').repeat(200) }), () => void engine.cancel(job))).rejects.toThrow(CancelledError);
    expect((await engine.evaluate(nextJob++, { images: 1000 }, nobody)).text).toEqual(before.text);
  });
});

describe('another model', () => {
  it('reads the open text in its own tokens', async () => {
    await engine.loadDataset(FOLDER);
    const { network: other } = await tinyModel('gpt2');
    await engine.loadModel(nextJob++, await filesOf('gpt2'), nobody);
    const text = await TextSet.read(content, { tokenizer, window: 32 });
    const { perplexity } = await measureText(other, undefined, text.windows('test'));
    expect((await engine.evaluate(nextJob++, { images: 1000 }, nobody)).text?.perplexity).toBe(perplexity);
  });

  it('that has no tokenizer, or reads no text, says so where text is asked for', async () => {
    await engine.loadModel(nextJob++, await filesOf('llama', ['tokenizer.json']), nobody);
    await expect(engine.loadDataset(FOLDER)).rejects.toThrow(NoTokenizerError);
    await expect(engine.generate(nextJob++, { prompt: 'a', tokens: 1, temperature: 0, seed: 1 }, nobody)).rejects.toThrow(/tokenizer\.json .* beside its files/);
    const pictures = new File([Uint8Array.from(zipTfjsLayers(pixelNetwork(1, [8, 8, 3], [4, 4], 3)))], 'model.zip');
    await engine.loadModel(nextJob++, { kind: 'files', files: [{ path: 'model.zip', file: pictures }] }, nobody);
    await expect(engine.loadDataset(FOLDER)).rejects.toThrow(NotALanguageModelError);
    await expect(engine.loadText(nextJob++, ownText({ 'a.txt': 'x' }), nobody)).rejects.toThrow(NotALanguageModelError);
  });
});
