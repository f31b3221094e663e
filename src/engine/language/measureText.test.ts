import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { TextSet, type TextWindows } from '../../datasets/texts/textSet.ts';
import type { Network } from '../../network/network.ts';
import { inferShapes } from '../../network/shapes.ts';
import { pixelNetwork } from '../../network/fixtures/pixelNetwork.ts';
import { computeLogits } from '../evaluate.ts';
import { relativeError } from '../fixtures/arrays.ts';
import { startWasm } from '../fixtures/wasmBackend.ts';
import { CancelledError } from '../job.ts';
import { TEXT_ORACLE as oracle, tinyModel, withoutNeurons } from './fixtures/tinyModels.ts';
import { IntactLogits } from './intactLogits.ts';
import { NotALanguageModelError } from './languageModel.ts';
import { measureText } from './measureText.ts';
import { nextTokenSums } from './nextTokenSums.ts';
import { scoredTail } from './scoredTail.ts';

// Expected values: zoo/oracles/text.py, by PyTorch in float64.

const { network, tokenizer } = await tinyModel('llama');
const documents = oracle.chapters.map((text) => [text]);

async function textOf(stride?: number, window = oracle.window): Promise<TextWindows> {
  const set = await TextSet.read({ id: 'tiny', name: 'Tiny', documents: { train: documents, test: documents } }, { tokenizer, window, ...(stride === undefined ? {} : { stride }) });
  return set.windows('test');
}

/** Of the first two disjoint windows. */
async function logitsOf(of: Network): Promise<Float32Array> {
  return (await computeLogits(of, { count: 2, shape: [32], read: async (first, count) => Float32Array.from(oracle.ids.slice(32 * first, 32 * (first + count))) })).values;
}

beforeAll(async () => {
  await startWasm();
});

describe('what a network says of a text', () => {
  it.each(Object.entries(oracle.losses))('has the perplexity of train_lm.py’s negative_log_likelihood at stride %s', async (stride, loss) => {
    const { tokens, perplexity, intactPerplexity, divergence, agreement, logitError } = await measureText(network, undefined, await textOf(Number(stride)));
    expect(tokens).toBe(oracle.ids.length - 1);
    expect(Math.log(perplexity) / (loss / tokens) - 1).toBeCloseTo(0, 5);
    expect([intactPerplexity, divergence, agreement, logitError]).toEqual([perplexity, 0, 1, 0]);
  });

  it.each(oracle.compared)('next to the intact one, every token by itself in PyTorch, at stride $stride', async ({ stride, ...expected }) => {
    const found = await measureText(network, withoutNeurons(network, oracle.gone), await textOf(stride));
    expect(found.tokens).toBe(expected.tokens);
    expect(found.agreement).toBeCloseTo(expected.agreement, 12);
    for (const name of ['perplexity', 'intactPerplexity', 'divergence', 'logitError'] as const) {
      expect(Math.abs(found[name] / expected[name] - 1), name).toBeLessThan(2e-4);
    }
  });

  it('is the same as of itself: no divergence, full agreement', async () => {
    const found = await measureText(network, { ...network }, await textOf());
    expect(found).toMatchObject({ divergence: 0, agreement: 1, logitError: 0, perplexity: found.intactPerplexity });
  });

  it('is the same where the intact scores are kept, in part or all, and the intact network is not run again', async () => {
    const text = await textOf();
    const [first, second] = [8, 20].map((gone) => withoutNeurons(network, gone));
    const fresh = await measureText(network, second, text);
    const bytes = 4 * 288 * (32 + 16 * (text.count - 1));
    for (const [room, kept] of [[1e9, bytes], [4 * 288 * 32, 4 * 288 * 32], [0, 0]]) {
      const known = new IntactLogits(room);
      await measureText(network, first, text, {}, known);
      expect(known.bytes).toBe(kept);
      expect(await measureText(network, second, text, {}, known)).toEqual(fresh);
    }
    const known = new IntactLogits();
    await measureText(network, undefined, text, {}, known);
    // a network that would give other numbers if it were run
    expect(await measureText(first, second, text, {}, known)).toEqual(fresh);
  });

  it('stops where it is cancelled and leaves no tensors', async () => {
    const before = tf.memory().numTensors;
    const text = await textOf();
    const controller = new AbortController();
    const seen: number[] = [];
    const job = { signal: controller.signal, onProgress: ({ done }: { done: number }) => (seen.push(done), controller.abort()) };
    await expect(measureText(network, withoutNeurons(network, 4), text, job)).rejects.toThrow(CancelledError);
    expect(seen).toEqual([1]);
    expect(tf.memory().numTensors).toBe(before);
    await measureText(network, withoutNeurons(network, 4), text);
    expect(tf.memory().numTensors).toBe(before);
  });

  it('is asked of language models alone, on windows of their length', async () => {
    const text = await textOf();
    await expect(measureText(pixelNetwork(1, [8, 8, 3], [4, 4], 3), undefined, text)).rejects.toThrow(NotALanguageModelError);
    const { network: other } = await tinyModel('opt');
    await expect(measureText(network, { ...other, nodes: other.nodes.map((node) => (node.op === 'input' ? { ...node, attributes: { ...node.attributes, shape: [16] } } : node)) }, text)).rejects.toThrow(/32 tokens of 288 against 16 of 288/);
    await expect(measureText(network, undefined, await textOf(4, 8))).rejects.toThrow(/8, but the network takes 32/);
  });
});

describe('sums over the vocabulary', () => {
  it('are those of float64, however great the scores and however many chunks', async () => {
    const [positions, vocabulary] = [40, 30_000];
    const scores = (seed: number) => Float32Array.from({ length: positions * vocabulary }, (_, k) => 300 + 12 * Math.sin(seed * k + (k % 97)));
    const [a, b] = [scores(1.3), scores(1.3001)];
    const targets = Int32Array.from({ length: positions }, (_, k) => (k * 7919) % vocabulary);
    const [z, other] = [a, b].map((values) => tf.tensor2d(values, [positions, vocabulary]));
    const found = await nextTokenSums(z, other, targets);
    tf.dispose([z, other]);
    const logs = (values: Float32Array, row: number) => {
      const own = Float64Array.from(values.subarray(row * vocabulary, (row + 1) * vocabulary));
      const most = own.reduce((m, v) => Math.max(m, v), -Infinity);
      const lse = most + Math.log(own.reduce((sum, v) => sum + Math.exp(v - most), 0));
      return own.map((v) => v - lse);
    };
    for (const row of [0, 33, 34, 39]) {
      const [own, theirs] = [logs(a, row), logs(b, row)];
      expect(found.intactLoss[row]).toBeCloseTo(-own[targets[row]], 4);
      expect(found.loss[row]).toBeCloseTo(-theirs[targets[row]], 4);
      expect(Math.abs(found.divergence[row] / own.reduce((sum, l, k) => sum + Math.exp(l) * (l - theirs[k]), 0) - 1)).toBeLessThan(1e-4);
      expect(found.agrees[row]).toBe(own.indexOf(own.reduce((m, v) => Math.max(m, v), -Infinity)) === theirs.indexOf(theirs.reduce((m, v) => Math.max(m, v), -Infinity)) ? 1 : 0);
    }
  });
});

describe('a network that gives its last scores alone', () => {
  it.each(['llama', 'gpt2', 'opt', 'llama-sharded'])('%s has the scores of the whole one there, and its head is computed for no others', async (name) => {
    const { network: whole } = await tinyModel(name);
    const all = await logitsOf(whole);
    for (const from of [0, 1, 16, 31]) {
      const tail = scoredTail(whole, from);
      expect(inferShapes(tail).get(tail.outputs[0])).toEqual([32 - from, 288]);
      const expected = [0, 1].flatMap((row) => [...all.subarray((32 * row + from) * 288, 32 * (row + 1) * 288)]);
      expect(relativeError(await logitsOf(tail), expected)).toBeLessThan(1e-6);
    }
    const tail = scoredTail(whole, 16);
    const at = tail.nodes.findIndex(({ op, id }) => op === 'slice' && id.endsWith('/scored'));
    expect(tail.nodes.slice(at + 1).map(({ op }) => op)).toEqual([name.startsWith('llama') ? 'rmsNorm' : 'layerNorm', name === 'llama-sharded' ? 'dense' : 'unembedding']);
  });
});
