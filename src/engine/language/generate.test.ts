import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { ArgumentRangeError } from '../../fidelity/argumentErrors.ts';
import { seededRandom } from '../../fidelity/random.ts';
import { coupling } from '../../network/coupling.ts';
import type { Network } from '../../network/network.ts';
import { withSequenceLength } from '../../network/sequenceLength.ts';
import { prune } from '../../network/surgery.ts';
import { computeLogits } from '../evaluate.ts';
import { relativeError } from '../fixtures/arrays.ts';
import { networkOf, TRANSFORMERS } from '../fixtures/transformers.ts';
import { startWasm } from '../fixtures/wasmBackend.ts';
import { CancelledError } from '../job.ts';
import { drawToken } from './drawToken.ts';
import { TEXT_ORACLE as oracle, tinyModel, withoutNeurons } from './fixtures/tinyModels.ts';
import { EmptyPromptError, generate } from './generate.ts';
import { IncrementalDecoder, NotIncrementalError, type Past } from './incrementalDecoder.ts';
import { NotALanguageModelError } from './languageModel.ts';

const nobody = (): void => {};
const { network, tokenizer } = await tinyModel('llama');
/** Begins texts as the other does, but does not end them. */
const { begin: _, ...spelling } = tokenizer;
const endless = { ...spelling, encode: (text: string) => [0, ...tokenizer.encode(text)] };
const drawn = { prompt: 'The whale', tokens: 12, temperature: 1.5, seed: 3 };

/** Scores at the last position, all tokens run at once. */
async function atOnce(of: Network, ids: readonly number[]): Promise<Float32Array> {
  const { values } = await computeLogits(withSequenceLength(of, ids.length), { count: 1, shape: [ids.length], read: async () => Float32Array.from(ids) });
  return values.slice(-values.length / ids.length);
}

/** Every second component of every group. */
function halfOf(network: Network): Network {
  const free = coupling(network).groups.filter(({ frozen }) => frozen === undefined);
  return prune(network, { keep: Object.fromEntries(free.map(({ name, channels }) => [name, Array.from({ length: Math.ceil(channels / 2) }, (_, k) => 2 * k)])), weights: {} });
}

beforeAll(async () => {
  await startWasm();
});

describe('reading token by token', () => {
  it.each(['llama', 'llama-sharded', 'gpt2', 'opt', 'pruned llama', 'pruned gpt2'])('gives the scores of a %s that reads all at once, at every token', async (name) => {
    const { network: whole } = await tinyModel(name.replace('pruned ', ''));
    const model = name.startsWith('pruned') ? halfOf(whole) : whole;
    const before = tf.memory().numTensors;
    const decoder = new IncrementalDecoder(model);
    let past: Past | undefined;
    for (let read = 5; read <= 32; read++) {
      const next = past ? [oracle.ids[read - 1]] : oracle.ids.slice(0, read);
      const reading = await decoder.read([next], past);
      past?.dispose();
      past = reading.past;
      expect(past.tokens).toBe(read);
      if (read % 9 === 5) expect(relativeError(reading.logits, [...(await atOnce(model, oracle.ids.slice(0, read)))]), `${read} tokens`).toBeLessThan(1e-5);
    }
    await expect(decoder.read([[1]], past)).rejects.toThrow(RangeError);
    past?.dispose();
    decoder.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  it('goes on from one past in several ways, in rows side by side', async () => {
    const decoder = new IncrementalDecoder(network);
    const { past } = await decoder.read([oracle.ids.slice(0, 7)]);
    const wide = past.repeated(3);
    const { logits, past: after } = await decoder.read([[5], [9], [200]], wide);
    for (const [row, id] of [5, 9, 200].entries()) {
      const expected = await atOnce(network, [...oracle.ids.slice(0, 7), id]);
      expect(relativeError(logits.subarray(288 * row, 288 * (row + 1)), [...expected])).toBeLessThan(1e-5);
    }
    await expect(decoder.read([[5], [9]], wide)).rejects.toThrow(/2 × 1 tokens cannot follow a past of 3 rows/);
    for (const one of [past, wide, after]) one.dispose();
    decoder.dispose();
  });

  it('is refused where a layer lets tokens see later ones, or reads no tokens', () => {
    const before = tf.memory().numTensors;
    const both = { ...network, nodes: network.nodes.map((node) => (node.op === 'attention' ? { ...node, attributes: { ...node.attributes, causal: false } } : node)) };
    expect(() => new IncrementalDecoder(both)).toThrow(NotIncrementalError);
    expect(() => new IncrementalDecoder(both)).toThrow(/\(attention\) sees later tokens too/);
    expect(() => new IncrementalDecoder(networkOf(TRANSFORMERS.vit))).toThrow(NotALanguageModelError);
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe('writing on from a prompt', () => {
  it('at temperature 0 takes the tokens that PyTorch finds likeliest', async () => {
    const { prompt, ids } = oracle.greedy;
    const { text, tokens } = await generate(network, tokenizer, { prompt, tokens: ids.length, temperature: 0, seed: 1 }, nobody);
    expect(tokens).toBe(ids.length);
    expect(text).toBe(tokenizer.decode([0, ...tokenizer.encode(prompt), ...ids]).slice(prompt.length));
  });

  it('is the same for a seed and another for another, goes on beyond a full window, and stops when the text ends', async () => {
    const long = { ...drawn, tokens: 50 };
    const first = await generate(network, endless, long, nobody);
    expect(first.tokens).toBe(50);
    expect((await generate(network, endless, long, nobody)).text).toBe(first.text);
    expect((await generate(network, endless, { ...long, seed: 4 }, nobody)).text).not.toBe(first.text);
    expect((await generate(withoutNeurons(network, 30), endless, long, nobody)).text).not.toBe(first.text);
    // what it draws after the window was full, from the newer half of it
    const all = [0, ...tokenizer.encode(long.prompt)];
    const random = seededRandom(long.seed);
    let context = [...all];
    for (let k = 0; k < 50; k++) {
      if (context.length > 32) context = context.slice(-16);
      const id = drawToken(await atOnce(network, context), long, random);
      all.push(id);
      context.push(id);
    }
    expect(first.text).toBe(tokenizer.decode(all).slice(long.prompt.length));
    // and where that draws the end of text
    const written = all.slice(1 + tokenizer.encode(long.prompt).length);
    expect(written.indexOf(0)).toBeGreaterThan(20);
    const ninth = written.findIndex((id, k) => k > 8 && written.indexOf(id) === k);
    expect((await generate(network, { ...endless, end: [500, written[ninth]] }, long, nobody)).tokens).toBe(ninth);
    const ended = await generate(network, tokenizer, long, nobody);
    expect(ended).toMatchObject({ tokens: written.indexOf(0), text: tokenizer.decode(all.slice(0, all.indexOf(0, 1))).slice(long.prompt.length) });
  });

  it('streams what is written so far, without half a character', async () => {
    const seen: string[] = [];
    const { text } = await generate(network, tokenizer, drawn, (so) => seen.push(so));
    expect(seen).toHaveLength(12);
    seen.forEach((so) => expect(text.startsWith(so)).toBe(true));
    expect(seen.every((so) => !so.endsWith('�'))).toBe(true);
  });

  it('stops where it is cancelled and leaves no tensors', async () => {
    const before = tf.memory().numTensors;
    const controller = new AbortController();
    let written = 0;
    const onText = (): void => void (++written === 4 && controller.abort());
    await expect(generate(network, tokenizer, drawn, onText, { signal: controller.signal })).rejects.toThrow(CancelledError);
    expect(written).toBe(4);
    expect(tf.memory().numTensors).toBe(before);
    await generate(network, tokenizer, { ...drawn, tokens: 40 }, nobody);
    expect(tf.memory().numTensors).toBe(before);
  });

  it('needs a prompt where the tokenizer begins texts with nothing, and settings within their range', async () => {
    await expect(generate(network, spelling, { ...drawn, prompt: '' }, nobody)).rejects.toThrow(EmptyPromptError);
    await expect(generate(network, tokenizer, { ...drawn, prompt: '' }, nobody)).resolves.toMatchObject({ tokens: 12 });
    for (const wrong of [{ temperature: -1 }, { temperature: NaN }, { topK: 0 }, { tokens: 0 }]) {
      await expect(generate(network, tokenizer, { ...drawn, ...wrong }, nobody)).rejects.toThrow(ArgumentRangeError);
    }
  });
});

describe('drawing a token', () => {
  const logits = [0, 2, 1, 2, -3];

  it('follows softmax(logits / temperature), among the likeliest alone with topK', () => {
    for (const [temperature, topK] of [[1, undefined], [0.5, undefined], [2, 3], [1, 2], [1, 1]] as const) {
      const random = seededRandom(5);
      const counts = [0, 0, 0, 0, 0];
      for (let k = 0; k < 20_000; k++) counts[drawToken(logits, { temperature, ...(topK === undefined ? {} : { topK }) }, random)] += 1;
      const among = [1, 3, 2, 0, 4].slice(0, topK ?? 5);
      const weights = logits.map((z, id) => (among.includes(id) ? Math.exp(z / temperature) : 0));
      const sum = weights.reduce((total, weight) => total + weight, 0);
      counts.forEach((count, id) => expect(Math.abs(count / 20_000 - weights[id] / sum), `${id} at ${temperature}, ${topK}`).toBeLessThan(0.012));
    }
  });

  it('takes the first of the likeliest at temperature 0, and draws no number for it', () => {
    let asked = 0;
    expect(drawToken(logits, { temperature: 0 }, () => (asked += 1))).toBe(1);
    expect(asked).toBe(0);
    expect(drawToken([-Infinity, 1, -Infinity], { temperature: 1 }, () => 1 - 2 ** -53)).toBe(1);
  });
});
