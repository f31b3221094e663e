import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { startWasm } from '../fixtures/wasmBackend.ts';
import { CancelledError } from '../job.ts';
import { choiceLikelihoods, clozeAccuracy } from './clozeAccuracy.ts';
import { TEXT_ORACLE as oracle, tinyModel } from './fixtures/tinyModels.ts';
import { IncrementalDecoder } from './incrementalDecoder.ts';

// Expected values: zoo/oracles/text.py, by PyTorch in float64.

const { network, tokenizer } = await tinyModel('llama');

beforeAll(async () => {
  await startWasm();
});

describe('multiple-choice items', () => {
  it('have PyTorch’s log-likelihoods of each choice after the context, also of one longer than the window', async () => {
    const before = tf.memory().numTensors;
    const decoder = new IncrementalDecoder(network);
    for (const { likelihoods, ...item } of oracle.cloze) {
      const found = await choiceLikelihoods(decoder, tokenizer, item);
      found.forEach((value, k) => expect(value, item.choices[k]).toBeCloseTo(likelihoods[k], 3));
    }
    decoder.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  it('are answered by the likeliest choice, the first of equals; guessing is right one in so many', async () => {
    const best = oracle.cloze.map(({ likelihoods }) => likelihoods.indexOf(Math.max(...likelihoods)));
    expect(best).toEqual([2, 0]);
    const items = oracle.cloze.flatMap((item, k) => [{ ...item, answer: best[k] }, { ...item, answer: best[k] === 0 ? 1 : 0 }]);
    expect(await clozeAccuracy(network, tokenizer, items)).toEqual({ items: 4, accuracy: 0.5, chance: (0.25 + 0.25 + 0.5 + 0.5) / 4 });
    const twice = { context: 'Call me', choices: [' Ishmael', ' Ishmael'], answer: 0 };
    expect((await clozeAccuracy(network, tokenizer, [twice, { ...twice, answer: 1 }])).accuracy).toBe(0.5);
  });

  it('can be cancelled between two, and leave no tensors', async () => {
    const before = tf.memory().numTensors;
    const controller = new AbortController();
    const job = { signal: controller.signal, onProgress: () => controller.abort() };
    await expect(clozeAccuracy(network, tokenizer, oracle.cloze, job)).rejects.toThrow(CancelledError);
    expect(tf.memory().numTensors).toBe(before);
  });
});
