import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { computeLogits, shareEqual, topClasses } from '../engine/evaluate.ts';
import { startWasm } from '../engine/fixtures/wasmBackend.ts';
import type { Correlator } from '../engine/kernels/correlator.ts';
import { pruneSequentially } from '../engine/sequential.ts';
import { costModel } from '../network/costModel.ts';
import { networkCosts } from '../network/costs.ts';
import { residualNetwork } from '../network/fixtures/networks.ts';
import { prune } from '../network/surgery.ts';
import { keepSets } from '../pruning/keepSets.ts';
import { oneShotPlan } from '../pruning/oneShotPlan.ts';
import { inputFor } from './fixtures/inputs.ts';
import { orderGap } from './orderGap.ts';
import { measuresOf } from '../engine/calibrate.ts';
import { subjectOf } from '../pruning/subject.ts';
import { singletonRankings } from './singletonRankings.ts';

let correlator: Correlator;
beforeAll(async () => {
  ({ correlator } = await startWasm());
});

describe('orderGap', () => {
  it('keeps everything at the whole cost, and stays within the others', async () => {
    const input = inputFor(residualNetwork(), correlator, { test: 80 });
    const { numTensors } = tf.memory();
    const { points, images } = await orderGap(input, {}, [1, 0.5]);
    expect(tf.memory().numTensors).toBe(numTensors);
    const { macs } = networkCosts(input.network);
    expect(images).toBe(80);
    expect(points[0]).toEqual({ target: 1, macs, oneShot: 1, sequential: 1 });
    expect(points[1].macs).toBeLessThanOrEqual(0.5 * macs);
    expect(points[1].macs).toBeGreaterThan(0.3 * macs);
  });

  it('measures the accuracy of the networks that the two orders make of the same channels, by labels where there are any', async () => {
    const input = inputFor(residualNetwork(4), correlator, { test: 60 });
    const labels = Uint8Array.from({ length: 60 }, (_, k) => k % 4);
    const { points: [point] } = await orderGap({ ...input, testLabels: labels }, {}, [0.6]);
    const subject = subjectOf(input.network);
    const measures = await measuresOf(subject, input.calibration, correlator, {});
    const rankings = singletonRankings(subject, measures);
    const keep = keepSets({ kind: 'macs', value: 0.6 }, rankings, costModel(input.network, subject.coupled));
    const plan = await pruneSequentially(input.network, keep, 'leastSquares', input.calibration, correlator);
    const accuracy = async (made: typeof plan) => shareEqual(topClasses(await computeLogits(prune(input.network, made), input.test)), labels);
    expect(point.sequential).toBe(await accuracy(plan));
    expect(point.oneShot).toBe(await accuracy(oneShotPlan(subject.layers, measures.statistics, keep, 'leastSquares')));
  });
});
