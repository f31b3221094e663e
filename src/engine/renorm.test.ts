import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { nodeOfOp, residualNetwork } from '../network/fixtures/networks.ts';
import { NotANormError } from '../network/pruneErrors.ts';
import { inferShapes } from '../network/shapes.ts';
import { prune } from '../network/surgery.ts';
import { readBatch } from './batches.ts';
import { computeLogits } from './evaluate.ts';
import { randomSource, relativeError } from './fixtures/arrays.ts';
import { startWasm } from './fixtures/wasmBackend.ts';
import { InputShapeError } from './imageSource.ts';
import { CompiledNetwork } from './interpreter.ts';
import { CancelledError } from './job.ts';
import { renormalise } from './renorm.ts';

beforeAll(async () => {
  await startWasm();
});

const network = residualNetwork();
const images = randomSource(70, inferShapes(network).get('input') ?? []);
const keep = { block1_conv1: [1, 3], stem: [0, 2, 3, 5] };

describe('re-estimated norms', () => {
  it('store mean and variance of what each norm receives in the pruned network, those before it in place', async () => {
    const plan = await renormalise(network, { keep, weights: {} }, images);
    const pruned = prune(network, plan);
    const norms = pruned.nodes.filter((node) => node.op === 'batchNorm');
    expect(norms.map(({ id }) => id).sort()).toEqual(Object.keys(plan.norms ?? {}).sort());
    const sources = norms.map(({ inputs }) => inputs[0]);
    const compiled = new CompiledNetwork(pruned, sources);
    const x = await readBatch(images, 0, images.count);
    const values = compiled.run(x, sources);
    for (const norm of norms) {
      const { mean, variance } = norm.weights;
      const value = await values[norm.inputs[0]].data();
      const channels = mean.values.length;
      const count = value.length / channels;
      for (let c = 0; c < channels; c++) {
        const own = Array.from({ length: count }, (_, t) => value[t * channels + c]);
        const average = own.reduce((sum, v) => sum + v, 0) / count;
        expect(mean.values[c]).toBeCloseTo(average, 4);
        expect(variance.values[c]).toBeCloseTo(own.reduce((sum, v) => sum + (v - average) ** 2, 0) / count, 4);
      }
    }
    tf.dispose([x, ...Object.values(values)]);
    compiled.dispose();
  });

  it('are the same when they are measured once more, and keep the statistics of cut channels', async () => {
    const once = await renormalise(network, { keep, weights: {} }, images);
    const twice = await renormalise(network, once, images);
    const logits = async (plan: typeof once) => (await computeLogits(prune(network, plan), images)).values;
    expect(relativeError(await logits(twice), await logits(once))).toBeLessThan(1e-4);
    expect(once.norms?.block1_conv1_norm.mean.values[0]).toBe(nodeOfOp(network, 'block1_conv1_norm', 'batchNorm').weights.mean.values[0]);
    expect(once.norms?.block1_conv1_norm.mean.values[1]).not.toBe(nodeOfOp(network, 'block1_conv1_norm', 'batchNorm').weights.mean.values[1]);
  });

  it('leave nothing on the backend, finished or cancelled at any node', async () => {
    const before = tf.memory().numTensors;
    const steps: number[] = [];
    await renormalise(network, { keep, weights: {} }, images, { onProgress: ({ done }) => steps.push(done) });
    expect(tf.memory().numTensors).toBe(before);
    expect(steps).toEqual(network.nodes.map((_, at) => at + 1));
    for (const stopAt of [1, 3, steps.length - 1]) {
      const controller = new AbortController();
      const job = { signal: controller.signal, onProgress: ({ done }: { done: number }) => done === stopAt && controller.abort() };
      await expect(renormalise(network, { keep, weights: {} }, images, job)).rejects.toBeInstanceOf(CancelledError);
      expect(tf.memory().numTensors, `cancelled after node ${stopAt}`).toBe(before);
    }
  });

  it('need pictures of the network’s shape', async () => {
    await expect(renormalise(network, { keep, weights: {} }, randomSource(4, [8, 8, 1]))).rejects.toBeInstanceOf(InputShapeError);
  });
});

it('surgery refuses statistics for what is no norm', () => {
  const { mean, variance } = nodeOfOp(network, 'stem_norm', 'batchNorm').weights;
  expect(() => prune(network, { keep: {}, weights: {}, norms: { stem: { mean, variance } } })).toThrow(NotANormError);
  expect(() => prune(network, { keep: {}, weights: {}, norms: { stem_norm: { mean: { shape: [1], values: mean.values }, variance } } })).toThrow('mean');
});
