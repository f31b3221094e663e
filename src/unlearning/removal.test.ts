import { describe, expect, it } from 'vitest';
import { coupling } from '../network/coupling.ts';
import { networkBuilder } from '../network/fixtures/networks.ts';
import { consumerLayers, type ConsumerLayer } from '../pruning/consumerLayers.ts';
import { clustersOf } from './clusters.ts';
import { classCounts, mostCommon } from './classCounts.ts';
import { removalOrder, removedCount } from './removal.ts';

/** A dense layer of four inputs that may leave, whose weights have the L1 norms 4, 1, 3 and 2. */
function layer(): ConsumerLayer {
  const b = networkBuilder(3);
  const hidden = b.activation('relu', b.dense('hidden', b.input('input', [5]), 5, 4), 'relu');
  b.node({ id: 'out', op: 'dense', inputs: [hidden], attributes: {}, weights: { kernel: { shape: [4, 2], values: Float32Array.of(-2, 2, 1, 0, 0, -3, 1, 1) } } });
  const network = b.build('small', 'out');
  const own = consumerLayers(network, coupling(network)).find(({ id }) => id === 'out');
  if (!own) throw new Error('the layer reads a group that may be cut');
  return own;
}

const scores = { layer: 'out', forget: Float64Array.of(0.4, 0.3, 0.3, 0.1), retain: Float64Array.of(0.4, 0.05, 0.2, 0.3) };

describe('removalOrder', () => {
  it('takes the greatest fidelity, the greatest contrast, or the least norm first', () => {
    expect(removalOrder(layer(), scores, 'fidelity', 1)).toEqual([0, 1, 2, 3]);
    expect(removalOrder(layer(), scores, 'contrast', 1)).toEqual([1, 2, 0, 3]);
    expect(removalOrder(layer(), scores, 'l1', 1)).toEqual([1, 3, 2, 0]);
  });

  it('by chance is a permutation that the seed decides', () => {
    const orders = [1, 2, 3, 4].map((seed) => removalOrder(layer(), scores, 'random', seed));
    for (const order of orders) expect(order.toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3]);
    expect(new Set(orders.map(String)).size).toBeGreaterThan(1);
    expect(removalOrder(layer(), scores, 'random', 2)).toEqual(orders[1]);
  });
});

describe('removedCount', () => {
  it('is the nearest number, at least one and never all', () => {
    expect([0, 0.01, 0.1, 0.5, 0.99].map((share) => removedCount(16, share))).toEqual([0, 1, 2, 8, 15]);
    expect(removedCount(1, 0.5)).toBe(0);
  });
});

describe('clustersOf', () => {
  // classes 0 to 2, of which 1 is forgotten; no retain picture is seen as 1, the last one neither as 0 nor 2
  const retain = Float32Array.of(3, 0, 1, 0, 1, 2, 2, 0, 1, 0, 5, 1);
  const forget = Float32Array.of(1, 9, 2, 3, 9, 2);

  it('puts each forget picture with the class that the network finds next', () => {
    expect(clustersOf(forget, retain, 3, new Set([1]), 'nearest')).toEqual({
      count: 2,
      retain: Int32Array.of(0, 1, 0, -1),
      mixture: Float32Array.of(0, 1, 1, 0),
      forget: Int32Array.of(1, 0),
    });
  });

  it('or with all of them, as likely as the network finds each without the class', () => {
    const { forget: nearest, mixture } = clustersOf(forget, retain, 3, new Set([1]), 'mixed');
    expect(nearest).toEqual(Int32Array.of(1, 0));
    const likely = Math.E / (1 + Math.E);
    [1 - likely, likely, likely, 1 - likely].forEach((share, k) => expect(mixture[k]).toBeCloseTo(share, 6));
    const { mixture: blurred } = clustersOf(forget, retain, 3, new Set([1]), 'mixed', 2);
    expect(blurred[1]).toBeCloseTo(Math.sqrt(Math.E) / (1 + Math.sqrt(Math.E)), 6);
  });

  it('or with the mean of all', () => {
    expect(clustersOf(forget, retain, 3, new Set([1]), 'mean')).toEqual({ count: 1, retain: new Int32Array(4), mixture: Float32Array.of(1, 1), forget: new Int32Array(2) });
  });
});

describe('classCounts', () => {
  it('counts, and finds the commonest', () => {
    expect(classCounts(Int32Array.of(2, 0, 2), 4)).toEqual([1, 0, 2, 0]);
    expect(mostCommon(Int32Array.of(3, 1, 3, 1, 0))).toBe(1);
    expect(mostCommon(Int32Array.of())).toBe(0);
  });
});
