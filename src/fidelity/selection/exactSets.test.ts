import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anyReaders, FITS, valueOf } from '../fixtures/readers.ts';
import { intactLayer, orthogonalLayer, sequentialLayer } from '../fixtures/randomLayer.ts';
import { backwardOrder, greedyOrder } from './componentOrder.ts';
import { exactSets } from './exactSets.ts';
import { singletonOrder } from './singletonOrder.ts';

const ROUNDING = 1e-8;

function everySubset(n: number, k: number): number[][] {
  const subsets: number[][] = [];
  for (let mask = 0; mask < 1 << n; mask++) {
    const subset = Array.from({ length: n }, (_, i) => i).filter((i) => (mask >> i) & 1);
    if (subset.length === k) subsets.push(subset);
  }
  return subsets;
}

describe.each(FITS)('exact sets under %s', (fit) => {
  it('are the best of all subsets of their size, whatever they start from', () => {
    fc.assert(
      fc.property(anyReaders(7), fc.constantFrom(0, 1e-6, 1e-2), fc.boolean(), ({ readers, components }, ridge, isSeeded) => {
        const seeds = isSeeded ? [greedyOrder(readers, components, fit, { ridge }), backwardOrder(readers, components, fit, { ridge })] : [];
        const { sets, optimal } = exactSets(readers, components, fit, { ridge, seeds });
        expect(optimal).toBe(true);
        for (let k = 1; k <= components; k++) {
          const best = Math.max(...everySubset(components, k).map((subset) => valueOf(readers, subset, fit, { ridge })));
          expect(sets[k - 1]).toHaveLength(k);
          expect(valueOf(readers, sets[k - 1], fit, { ridge })).toBeCloseTo(best, 8);
        }
      }),
      { numRuns: 25 },
    );
  });

  it('are at least as good as singleton, greedy and backward ones at every size, and rise with it', () => {
    fc.assert(
      fc.property(fc.record({ n: fc.integer({ min: 8, max: 11 }), p: fc.constantFrom(1, 2), m: fc.integer({ min: 1, max: 3 }), seed: fc.nat() }).map(sequentialLayer), (statistics) => {
        const readers = [{ statistics }];
        const { n } = statistics;
        const value = (set: readonly number[]) => valueOf(readers, set, fit, {});
        const orders = [singletonOrder(statistics), greedyOrder(readers, n, fit), backwardOrder(readers, n, fit)];
        const { sets, optimal } = exactSets(readers, n, fit, { seeds: orders });
        expect(optimal).toBe(true);
        for (let k = 1; k <= n; k++) {
          for (const order of orders) expect(value(sets[k - 1])).toBeGreaterThanOrEqual(value(order.slice(0, k)) - ROUNDING);
          if (k > 1) expect(value(sets[k - 1])).toBeGreaterThanOrEqual(value(sets[k - 2]) - 1e-5);
        }
      }),
      { numRuns: 20 },
    );
  });
});

it('exact sets are those of the greatest singletons where contributions are orthogonal', () => {
  const statistics = orthogonalLayer({ n: 12, p: 2, m: 3, seed: 5 });
  const order = singletonOrder(statistics);
  const { sets, optimal } = exactSets([{ statistics }], 12, 'scale');
  expect(optimal).toBe(true);
  sets.forEach((set, k) => expect(set).toEqual(order.slice(0, k + 1).sort((a, b) => a - b)));
});

it('looks at a small part of the 65,536 subsets of 16 components', () => {
  const statistics = intactLayer({ n: 16, p: 1, m: 4, seed: 9 });
  const readers = [{ statistics }];
  const { optimal, nodes } = exactSets(readers, 16, 'scale', { seeds: [greedyOrder(readers, 16, 'scale'), backwardOrder(readers, 16, 'scale')] });
  expect(optimal).toBe(true);
  expect(nodes).toBeLessThan(16_000);
});

it('says that it is not optimal where the nodes run out or there are more than 24, and then is no worse than what it starts from', () => {
  const statistics = intactLayer({ n: 16, p: 2, m: 4, seed: 9 });
  const readers = [{ statistics }];
  const seed = greedyOrder(readers, 16, 'scale');
  const limited = exactSets(readers, 16, 'scale', { seeds: [seed], nodes: 3 });
  expect(limited.optimal).toBe(false);
  expect(limited.nodes).toBeLessThanOrEqual(15 * 4);
  limited.sets.forEach((set, k) => {
    expect(valueOf(readers, set, 'scale', {})).toBeGreaterThanOrEqual(valueOf(readers, seed.slice(0, k + 1), 'scale', {}) - ROUNDING);
  });
  const wide = { statistics: intactLayer({ n: 25, p: 1, m: 2, seed: 3 }) };
  const order = greedyOrder([wide], 25, 'scale');
  const { sets, optimal, nodes } = exactSets([wide], 25, 'scale', { seeds: [order] });
  expect([optimal, nodes]).toEqual([false, 0]);
  expect(sets[6]).toEqual(order.slice(0, 7).sort((a, b) => a - b));
});
