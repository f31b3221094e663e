import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { intactLayer, orthogonalLayer, sequentialLayer, withDeadInput } from '../fixtures/randomLayer.ts';
import { singletonScores } from '../singletonFidelity.ts';
import { subsetFidelity } from '../subsetFidelity.ts';
import { forwardGreedy } from './forwardGreedy.ts';
import { singletonOrder } from './singletonOrder.ts';
import { orderByScore, topK } from './topK.ts';

const recipe = fc.record({
  n: fc.integer({ min: 1, max: 7 }),
  p: fc.constantFrom(1, 2),
  m: fc.integer({ min: 1, max: 4 }),
  seed: fc.integer(),
});

describe('order by score', () => {
  it('keeps the greatest, as ascending indices, ties to the lower index and NaN last', () => {
    const scores = [2, 5, 5, Number.NaN, 1, 5];
    expect(orderByScore(scores)).toEqual([1, 2, 5, 0, 4, 3]);
    expect(topK(scores, 2)).toEqual([1, 2]);
    expect(topK(scores, 4)).toEqual([0, 1, 2, 5]);
    expect(topK(scores, 0)).toEqual([]);
    expect(() => topK(scores, 7)).toThrow('topK: k is 7');
  });

  it('of singleton fidelity descends', () => {
    const layer = intactLayer({ n: 9, p: 2, m: 3, seed: 12 });
    const scores = singletonScores(layer);
    const order = singletonOrder(layer);
    expect([...order].sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
    for (let k = 1; k < 9; k++) expect(scores[order[k]]).toBeLessThanOrEqual(scores[order[k - 1]]);
  });
});

describe('forward greedy', () => {
  it('adds at each step the component that raises fidelity most', () => {
    fc.assert(
      fc.property(fc.oneof(recipe.map(intactLayer), recipe.map(sequentialLayer)), fc.constantFrom(0, 1e-3, 0.3), (layer, ridge) => {
        const order = forwardGreedy(layer, { ridge });
        expect(new Set(order).size).toBe(layer.n);
        for (let k = 0; k < layer.n; k++) {
          const reached = subsetFidelity(layer, order.slice(0, k + 1), 'scale', { ridge });
          for (const other of order.slice(k + 1)) {
            const instead = subsetFidelity(layer, [...order.slice(0, k), other], 'scale', { ridge });
            expect(reached).toBeGreaterThanOrEqual(instead - 1e-9);
          }
        }
      }),
      { numRuns: 150 },
    );
  });

  it('is the singleton order when contributions are orthogonal', () => {
    fc.assert(
      fc.property(recipe.map(orthogonalLayer), (layer) => {
        expect(forwardGreedy(layer, { ridge: 0 })).toEqual(singletonOrder(layer));
      }),
    );
  });

  it('passes over the twin of a chosen component, which singleton scores cannot', () => {
    const twins = {
      n: 3,
      p: 1,
      m: 1,
      gram: new Float64Array([4, 4, 0, 4, 4, 0, 0, 0, 1]),
      weights: new Float64Array([1, 1, 1]),
      cross: new Float64Array([8, 8, 1]),
      energy: new Float64Array([17]),
    };
    expect(singletonOrder(twins)).toEqual([0, 1, 2]);
    expect(forwardGreedy(twins, { ridge: 0 })).toEqual([0, 2, 1]);
    expect(forwardGreedy(twins)).toEqual([0, 2, 1]);
  });

  it('chooses a dead component last, stops at the count, and looks at the given outputs alone', () => {
    const layer = intactLayer({ n: 6, p: 2, m: 4, seed: 30 });
    expect(forwardGreedy(withDeadInput(layer, 2)).at(-1)).toBe(2);
    expect(forwardGreedy(layer, { count: 3 })).toEqual(forwardGreedy(layer).slice(0, 3));
    const only = { ...layer, m: 1, weights: layer.weights.slice(12, 24), cross: layer.cross.slice(12, 24), energy: layer.energy.slice(1, 2) };
    expect(forwardGreedy(layer, { outputs: [1] })).toEqual(forwardGreedy(only));
    expect(() => forwardGreedy(layer, { count: 7 })).toThrow('count is 7');
  });
});
