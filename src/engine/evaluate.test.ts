import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { residualNetwork } from '../network/fixtures/networks.ts';
import { readBatch } from './batches.ts';
import { computeLogits, logitError, perClass, shareEqual, topClasses } from './evaluate.ts';
import { mostExciting } from './exciting.ts';
import { randomSource, relativeError } from './fixtures/arrays.ts';
import { partOf } from './imageSource.ts';
import { startWasm } from './fixtures/wasmBackend.ts';
import { InputShapeError } from './imageSource.ts';
import { CompiledNetwork } from './interpreter.ts';
import { CancelledError } from './job.ts';
import { measureLatency } from './latency.ts';

const network = residualNetwork();
const images = randomSource(75, [8, 8, 3]);

beforeAll(async () => {
  await startWasm();
});

function aborted(): { signal: AbortSignal } {
  const controller = new AbortController();
  controller.abort();
  return { signal: controller.signal };
}

describe('computeLogits', () => {
  it('gives every image its own row, whatever the batches', async () => {
    const all = await computeLogits(network, images);
    expect(all).toMatchObject({ images: 75, classes: 4 });
    for (const first of [0, 31, 32, 63, 74]) {
      const one = await computeLogits(network, partOf(images, first, 1));
      expect(relativeError(all.values.subarray(first * 4, first * 4 + 4), one.values)).toBeLessThan(1e-5);
    }
  });

  it('reports progress up to the last image and leaves no tensors', async () => {
    const before = tf.memory().numTensors;
    const done: number[] = [];
    await computeLogits(network, images, { onProgress: (progress) => done.push(progress.done) });
    expect(done.at(-1)).toBe(75);
    expect(done).toEqual([...done].sort((a, b) => a - b));
    expect(tf.memory().numTensors).toBe(before);
  });

  it('stops within a batch when cancelled, refuses wrong pictures, and leaves no tensors', async () => {
    const before = tf.memory().numTensors;
    const controller = new AbortController();
    let reads = 0;
    const counted = { ...images, read: (first: number, count: number) => (reads++, controller.abort(), images.read(first, count)) };
    await expect(computeLogits(network, counted, { signal: controller.signal })).rejects.toBeInstanceOf(CancelledError);
    expect(reads).toBe(1);
    await expect(computeLogits(network, randomSource(3, [8, 8, 1]))).rejects.toBeInstanceOf(InputShapeError);
    await expect(computeLogits(network, images, aborted())).rejects.toBeInstanceOf(CancelledError);
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe('what logits are summed up to', () => {
  const logits = { images: 3, classes: 3, values: Float32Array.of(1, 3, 2, 5, 5, 4, -2, -3, -1) };

  it('the top class is the greatest, the first of equals', () => {
    expect([...topClasses(logits)]).toEqual([1, 0, 2]);
  });

  it('accuracy is the share of equal classes, also against longer lists', () => {
    expect(shareEqual(Int32Array.of(1, 0, 2), [1, 2, 2, 9])).toBeCloseTo(2 / 3, 12);
  });

  it('the error of logits is relative to the intact energy of the same images', () => {
    const pruned = { images: 1, classes: 3, values: Float32Array.of(1, 3, 3) };
    expect(logitError(logits, pruned)).toBeCloseTo(1 / 14, 12);
    expect(logitError(logits, logits)).toBe(0);
  });

  it('classes count their images and hits apart, and labels outside are left out', () => {
    expect(perClass(Int32Array.of(1, 0, 2, 0), [1, 1, 2, 7], 3)).toEqual([
      { correct: 0, total: 0 }, { correct: 1, total: 2 }, { correct: 1, total: 1 },
    ]);
  });
});

describe('mostExciting', () => {
  it('finds the pictures with the greatest value of a channel anywhere on its map, greatest first', async () => {
    const x = await readBatch(images, 0, images.count);
    const compiled = new CompiledNetwork(network, ['block2_add']);
    const { block2_add: value } = compiled.run(x, ['block2_add']);
    const map = (await value.array()) as number[][][][];
    const greatest = map.map((image) => Math.max(...image.flat().map((pixel) => pixel[3])));
    const order = greatest.map((_, k) => k).sort((a, b) => greatest[b] - greatest[a]).slice(0, 5);
    tf.dispose([x, value]);
    compiled.dispose();
    const before = tf.memory().numTensors;
    const found = await mostExciting(network, 'block2_add', 3, images, 5);
    expect(found.map(({ index }) => index)).toEqual(order);
    expect(relativeError(found.map(({ activation }) => activation), order.map((k) => greatest[k]))).toBeLessThan(1e-5);
    expect(tf.memory().numTensors).toBe(before);
  });

  it('works on a vector’s features too', async () => {
    const { values } = await computeLogits(network, images);
    const column = Array.from({ length: 75 }, (_, k) => values[k * 4 + 1]);
    const [best] = await mostExciting(network, 'logits', 1, images, 1);
    expect(best.index).toBe(column.indexOf(Math.max(...column)));
  });
});

describe('measureLatency', () => {
  it('times whole runs of the batch and leaves no tensors, also when cancelled before it starts', async () => {
    const before = tf.memory().numTensors;
    const { milliseconds, batch, runs } = await measureLatency(network, 2);
    expect({ batch, enough: runs >= 20, positive: milliseconds > 0 }).toEqual({ batch: 2, enough: true, positive: true });
    expect(tf.memory().numTensors).toBe(before);
    await expect(measureLatency(network, 2, aborted())).rejects.toBeInstanceOf(CancelledError);
    expect(tf.memory().numTensors).toBe(before);
  });
});
