import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { computeLogits } from '../engine/evaluate.ts';
import { mixedNetwork } from '../engine/fixtures/mixedNetwork.ts';
import { startWasm } from '../engine/fixtures/wasmBackend.ts';
import { CancelledError } from '../engine/job.ts';
import type { Correlator } from '../engine/kernels/correlator.ts';
import { topK } from '../fidelity/selection/topK.ts';
import { networkBuilder, randomWeights, residualNetwork } from '../network/fixtures/networks.ts';
import type { Network } from '../network/network.ts';
import { prune } from '../network/surgery.ts';
import { oneShotPlan } from '../pruning/oneShotPlan.ts';
import { inputFor, linearNetwork } from './fixtures/inputs.ts';
import { localGlobal } from './localGlobal.ts';
import { measuresOf } from '../engine/calibrate.ts';
import { subjectOf } from '../pruning/subject.ts';
import { singletonRankings } from './singletonRankings.ts';

let correlator: Correlator;
beforeAll(async () => {
  ({ correlator } = await startWasm());
});

/** Two orthogonal rows of length 2: whatever comes in goes out twice as long. */
const TWICE_AS_LONG = { kernel: [2 / 3, 4 / 3, 4 / 3, 4 / 3, 2 / 3, -4 / 3], outputs: 3 };
const random = (size: number, seed: number) => [...randomWeights(seed)([size], 1).values];

/** `E‖N(x) − N'(x)‖²` of two networks on the same images, from their logits alone. */
async function distance(one: Network, other: Network, images: Parameters<typeof computeLogits>[1]): Promise<number> {
  const [a, b] = [await computeLogits(one, images), await computeLogits(other, images)];
  return a.values.reduce((sum, z, k) => sum + (z - b.values[k]) ** 2, 0) / images.count;
}

describe('localGlobal', () => {
  it('finds the slope of a linear network in which it is known: four behind a map that doubles lengths, one at the output', async () => {
    const network = linearNetwork(4, { kernel: random(16, 1), outputs: 4 }, { kernel: random(8, 2), outputs: 2 }, TWICE_AS_LONG);
    const { points, slopes } = await localGlobal(inputFor(network, correlator));
    expect(points.filter(({ group }) => group === 'hidden').length).toBeGreaterThanOrEqual(4);
    for (const { group, local, global } of points) expect(global / local).toBeCloseTo(group === 'hidden' ? 4 : 1, 3);
    expect(slopes.map(({ group }) => group)).toEqual(['hidden', 'reader']);
    expect(slopes[0].fitted).toBeCloseTo(4, 3);
    expect(slopes[0].worst).toBeCloseTo(4, 3);
    expect(slopes[1].fitted).toBeCloseTo(1, 3);
  });

  it('measures a reader that is too wide for a Gram by running it', async () => {
    const width = 6200;
    const network = linearNetwork(3, { kernel: random(3 * width, 3), outputs: width }, { kernel: random(2 * width, 4), outputs: 2 }, TWICE_AS_LONG);
    const { points } = await localGlobal(inputFor(network, correlator, { images: 8 }));
    const wide = points.filter(({ group }) => group === 'hidden');
    expect(wide.map(({ compensate }) => compensate)).toEqual(['none', 'none', 'none', 'none']);
    for (const { local, global, relativeLocal } of wide) {
      expect(global / local).toBeCloseTo(4, 3);
      expect(relativeLocal).toBeGreaterThan(0);
    }
  });

  it.each([['residual', residualNetwork()], ['mixed', mixedNetwork()]] as const)('cuts by zeros as surgery does in the %s network, at every point', async (_, network) => {
    const input = inputFor(network, correlator, { images: 12 });
    const { points, images } = await localGlobal(input);
    expect(images).toBe(12);
    const subject = subjectOf(network);
    const measures = await measuresOf(subject, input.calibration, correlator, {});
    const rankings = new Map(singletonRankings(subject, measures).map((ranking) => [ranking.name, ranking]));
    expect(new Set(points.map(({ group }) => group))).toEqual(new Set(rankings.keys()));
    for (const { group, kept, compensate, global } of points) {
      const keep = { [group]: topK(rankings.get(group)?.scores ?? [], kept) };
      const parts = rankings.get(group)?.parts ?? [];
      if (parts.some((part) => !part.some((i) => keep[group].includes(i)))) continue;
      const plan = oneShotPlan(subject.layers, measures.statistics, keep, compensate);
      const expected = await distance(network, prune(network, plan), input.calibration);
      expect(Math.abs(global - expected)).toBeLessThanOrEqual(1e-4 * expected + 1e-9);
    }
  });

  it('least squares never has a greater local error than scale, and keeping less never a smaller one', async () => {
    const { points } = await localGlobal(inputFor(residualNetwork(5), correlator));
    const of = (group: string, compensate: string) => points.filter((point) => point.group === group && point.compensate === compensate);
    for (const group of new Set(points.map((point) => point.group))) {
      const [scale, squares] = [of(group, 'scale'), of(group, 'leastSquares')];
      squares.forEach(({ local }, at) => expect(local).toBeLessThanOrEqual(scale[at].local * (1 + 1e-9)));
      for (const own of [scale, squares]) {
        own.slice(1).forEach(({ local, kept }, at) => {
          expect(kept).toBeLessThan(own[at].kept);
          expect(local).toBeGreaterThanOrEqual(own[at].local * (1 - 1e-6));
        });
      }
    }
  });

  it('measures before a softmax at the end', async () => {
    const b = networkBuilder(3);
    const hidden = b.dense('hidden', b.input('input', [4]), 4, 4);
    const logits = b.dense('logits', hidden, 4, 3);
    const network = b.build('soft', b.activation('softmax', logits, 'softmax'));
    const { points } = await localGlobal(inputFor(network, correlator));
    // the reader is the logits' own layer
    for (const { local, global } of points) expect(global / local).toBeCloseTo(1, 3);
  });

  it('stops when it is cancelled, reports all of its work otherwise, and leaves no tensor behind', async () => {
    const input = inputFor(residualNetwork(), correlator);
    const { numTensors } = tf.memory();
    const controller = new AbortController();
    const seen: number[] = [];
    const onProgress = ({ done, total }: { done: number; total: number }) => {
      seen.push(done / total);
      if (done / total > 0.5) controller.abort();
    };
    await expect(localGlobal(input, { signal: controller.signal, onProgress })).rejects.toBeInstanceOf(CancelledError);
    expect(tf.memory().numTensors).toBe(numTensors);
    expect(seen.at(-1)).toBeLessThan(0.7);
    const all: number[] = [];
    await localGlobal(input, { onProgress: ({ done, total }) => all.push(done / total) });
    expect(all.at(-1)).toBeCloseTo(1, 6);
    expect(all).toEqual(all.toSorted((a, b) => a - b));
    expect(tf.memory().numTensors).toBe(numTensors);
  });
});
