import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { relativeError } from '../engine/fixtures/arrays.ts';
import { startWasm } from '../engine/fixtures/wasmBackend.ts';
import { coupling } from '../network/coupling.ts';
import { networkBuilder, randomWeights } from '../network/fixtures/networks.ts';
import { consumerLayers, type ConsumerLayer } from '../pruning/consumerLayers.ts';
import { pooledTerm, type LayerPictures } from './pooledTerms.ts';

beforeAll(async () => {
  await startWasm();
});

const [SIDE, N, M, OUT] = [5, 2, 3, 3];

/** A 3 × 3 convolution of stride 2 without padding around its right and lower edge: 5 × 5 × 2 to 3 × 3 × 3. */
function convolution(): ConsumerLayer {
  const b = networkBuilder(8);
  const conv = b.conv('conv', b.conv('stem', b.input('input', [SIDE, SIDE, 3]), [1, 1], 3, N), [3, 3], N, M, { strides: [2, 2] });
  const network = b.build('net', b.dense('logits', b.flatten('flatten', conv), OUT * OUT * M, 2));
  const layer = consumerLayers(network, coupling(network)).find(({ id }) => id === 'conv');
  if (!layer) throw new Error('The convolution is not a consumer.');
  return layer;
}

interface Given extends LayerPictures {
  readonly x: Float32Array;
  readonly y: Float32Array;
}

function pictures(seed: number, clusters: readonly number[]): Given {
  const weights = randomWeights(seed);
  const count = clusters.length;
  const [x, y] = [weights([count, SIDE, SIDE, N]).values, weights([count, OUT, OUT, M]).values];
  const batches = [0, 2, count].slice(0, -1).map((first, at, all) => ({ first, end: all[at + 1] ?? count }));
  return {
    x, y,
    inputs: batches.map(({ first, end }) => tf.tensor4d(x.slice(first * SIDE * SIDE * N, end * SIDE * SIDE * N), [end - first, SIDE, SIDE, N])),
    target: { values: (batch) => tf.tensor4d(y.slice(batches[batch].first * OUT * OUT * M, batches[batch].end * OUT * OUT * M), [batches[batch].end - batches[batch].first, OUT, OUT, M]) },
    clusters: Int32Array.from(clusters),
  };
}

/** Mean patch (component-major) and mean target of picture k, written out. */
function pooled({ x, y }: Given, k: number): { x: number[]; y: number[] } {
  const patch = Array.from({ length: N * 9 }, (_, at) => {
    const [i, a, b] = [Math.floor(at / 9), Math.floor((at % 9) / 3), at % 3];
    let sum = 0;
    for (let row = 0; row < OUT; row++) {
      for (let column = 0; column < OUT; column++) {
        const [r, c] = [2 * row + a - 1, 2 * column + b - 1];
        if (r >= 0 && r < SIDE && c >= 0 && c < SIDE) sum += x[((k * SIDE + r) * SIDE + c) * N + i];
      }
    }
    return sum / OUT ** 2;
  });
  const target = Array.from({ length: M }, (_, c) => Array.from({ length: OUT ** 2 }, (_, t) => y[(k * OUT ** 2 + t) * M + c]).reduce((sum, value) => sum + value, 0) / OUT ** 2);
  return { x: patch, y: target };
}

describe('pooledTerm', () => {
  it('sums what the formula says, picture by picture and cluster by cluster', async () => {
    const layer = convolution();
    const [mu, erase] = [0.3, 5];
    const [retain, forget] = [pictures(3, [0, 1, -1, 1, 0]), pictures(4, [1, 1, 0])];
    const rows: { x: number[]; y: number[]; weight: number }[] = [];
    for (const [given, own, ofMeans] of [[retain, 1, 1], [forget, mu, 10]] as const) {
      const each = Array.from(given.clusters, (_, k) => pooled(given, k));
      rows.push(...each.map((one) => ({ ...one, weight: own / each.length })));
      for (const c of [0, 1]) {
        const members = each.filter((_, k) => given.clusters[k] === c);
        const mean = (pick: (one: (typeof each)[number]) => number[]) => pick(members[0]).map((_, q) => members.reduce((sum, one) => sum + pick(one)[q], 0) / members.length);
        rows.push({ x: mean((one) => one.x), y: mean((one) => one.y), weight: (ofMeans * members.length) / each.length });
      }
    }
    const positions = OUT ** 2;
    const sums = (a: (row: (typeof rows)[number]) => number[], b: (row: (typeof rows)[number]) => number[]) =>
      a(rows[0]).flatMap((_, r) => b(rows[0]).map((_, c) => positions * rows.reduce((sum, row) => sum + row.weight * a(row)[r] * b(row)[c], 0)));
    const { numTensors } = tf.memory();
    const { statistics, weight } = await pooledTerm(layer, retain, forget, mu, erase);
    expect(tf.memory().numTensors).toBe(numTensors);
    const total = rows.reduce((sum, row) => sum + row.weight, 0);
    expect(weight).toBeCloseTo(erase * total, 9);
    const whole = (values: Float64Array) => values.map((value) => value * total);
    expect(relativeError(whole(statistics.gram), sums(({ x }) => x, ({ x }) => x))).toBeLessThan(1e-5);
    expect(relativeError(whole(statistics.cross), sums(({ y }) => y, ({ x }) => x))).toBeLessThan(1e-5);
    expect(relativeError(whole(statistics.energy), sums(({ y }) => y, ({ y }) => y).filter((_, at) => at % (M + 1) === 0))).toBeLessThan(1e-5);
    expect(relativeError(whole(statistics.means?.input ?? new Float64Array()), sums(({ x }) => x, () => [1]))).toBeLessThan(1e-5);
    expect(relativeError(whole(statistics.means?.output ?? new Float64Array()), sums(({ y }) => y, () => [1]))).toBeLessThan(1e-5);
    expect(statistics.means?.positions).toBe(positions);
    tf.dispose([...retain.inputs, ...forget.inputs]);
  });
});
