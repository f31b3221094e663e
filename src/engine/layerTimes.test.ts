import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { plainNetwork, residualNetwork } from '../network/fixtures/networks.ts';
import type { Network } from '../network/network.ts';
import { everyOpNetwork } from './fixtures/everyOpNetwork.ts';
import { mixedNetwork } from './fixtures/mixedNetwork.ts';
import { startWasm } from './fixtures/wasmBackend.ts';
import { CancelledError } from './job.ts';
import { layerTimes } from './layerTimes.ts';

const NETWORKS: Record<string, Network> = { residual: residualNetwork(), plain: plainNetwork(), mixed: mixedNetwork(), everyOp: everyOpNetwork() };

beforeAll(async () => {
  await startWasm();
});

describe.each(Object.entries(NETWORKS))('the times of the %s network', (_, network) => {
  it('are of every layer but the input, each once, and leave no tensor behind', async () => {
    const before = tf.memory().numTensors;
    const progress: { done: number; total: number }[] = [];
    const times = await layerTimes(network, 2, { onProgress: ({ done, total }) => progress.push({ done, total }) });
    expect(times.flatMap(({ layers }) => layers).toSorted()).toEqual(network.nodes.slice(1).map(({ id }) => id).toSorted());
    const place = new Map(network.nodes.map(({ id }, at) => [id, at]));
    const firsts = times.map(({ layers }) => place.get(layers[0]) ?? -1);
    expect(firsts).toEqual(firsts.toSorted((a, b) => a - b));
    expect(times.every(({ milliseconds }) => Number.isFinite(milliseconds) && milliseconds >= 0)).toBe(true);
    expect(times.reduce((sum, { milliseconds }) => sum + milliseconds, 0)).toBeGreaterThan(0);
    expect(progress.at(-1)?.done).toBe(progress.at(-1)?.total);
    expect(progress).toHaveLength(progress[0].total);
    expect(tf.memory().numTensors).toBe(before);
  });
});

it('a convolution, its norm and its relu are timed as one', async () => {
  const times = await layerTimes(residualNetwork(), 1);
  expect(times.map(({ layers }) => layers)).toContainEqual(['stem', 'stem_norm', 'stem_relu']);
});

it('stops within a step when it is cancelled, and leaves no tensor behind', async () => {
  const before = tf.memory().numTensors;
  const controller = new AbortController();
  let reported = 0;
  const onProgress = () => {
    reported += 1;
    controller.abort();
  };
  await expect(layerTimes(residualNetwork(), 1, { signal: controller.signal, onProgress })).rejects.toBeInstanceOf(CancelledError);
  expect(reported).toBe(1);
  expect(tf.memory().numTensors).toBe(before);
});
