import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anyReaders, FITS, valueOf } from '../fixtures/readers.ts';
import { intactLayer, sequentialLayer } from '../fixtures/randomLayer.ts';
import { backwardOrder, greedyOrder } from './componentOrder.ts';

const ROUNDING = 1e-8;
const anyRidge = fc.constantFrom(0, 1e-6, 1e-2);

describe.each(FITS)('under %s, over all readers,', (fit) => {
  it('greedy adds at each step the component that raises the sum of fidelities most', () => {
    fc.assert(
      fc.property(anyReaders(6), anyRidge, ({ readers, components }, ridge) => {
        const order = greedyOrder(readers, components, fit, { ridge });
        expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: components }, (_, i) => i));
        for (let k = 0; k < components; k++) {
          const reached = valueOf(readers, order.slice(0, k + 1), fit, { ridge });
          for (const other of order.slice(k + 1)) {
            expect(reached).toBeGreaterThanOrEqual(valueOf(readers, [...order.slice(0, k), other], fit, { ridge }) - ROUNDING);
          }
        }
      }),
      { numRuns: 60 },
    );
  });

  it('backward removes at each step the component that lowers it least', () => {
    fc.assert(
      fc.property(anyReaders(6), anyRidge, ({ readers, components }, ridge) => {
        const order = backwardOrder(readers, components, fit, { ridge });
        expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: components }, (_, i) => i));
        for (let k = components - 1; k > 0; k--) {
          const left = valueOf(readers, order.slice(0, k), fit, { ridge });
          for (const other of order.slice(0, k)) {
            const instead = order.slice(0, k + 1).filter((i) => i !== other);
            expect(left).toBeGreaterThanOrEqual(valueOf(readers, instead, fit, { ridge }) - ROUNDING);
          }
        }
      }),
      { numRuns: 60 },
    );
  });
});

it('a reader’s weight counts: with one at 0, the order is that of the other', () => {
  const [one, two] = [intactLayer({ n: 8, p: 2, m: 3, seed: 1 }), sequentialLayer({ n: 8, p: 3, m: 2, seed: 2 })];
  for (const order of [greedyOrder, backwardOrder]) {
    const alone = order([{ statistics: two }], 8, 'leastSquares');
    expect(order([{ statistics: one, weight: 0 }, { statistics: two, weight: 3 }], 8, 'leastSquares')).toEqual(alone);
    expect(order([{ statistics: one }, { statistics: two }], 8, 'leastSquares')).not.toEqual(alone);
  }
});

it('removes the twin of a component at once, and a dead component first', () => {
  // 0 and 1 are the same input, 3 is dead, 2 is by itself and weak.
  const gram = Float64Array.from([4, 4, 0, 0, 4, 4, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0]);
  const twins = { n: 4, p: 1, m: 1, gram, weights: Float64Array.of(1, 1, 1, 1), cross: Float64Array.of(8, 8, 1, 0), energy: Float64Array.of(17) };
  for (const ridge of [0, 1e-6]) {
    const order = backwardOrder([{ statistics: twins }], 4, 'leastSquares', { ridge });
    expect([order[0] < 2, order[1]]).toEqual([true, 2]);
    expect(new Set(greedyOrder([{ statistics: twins }], 4, 'leastSquares', { ridge, count: 2 }))).toEqual(new Set([0, 2]));
  }
});

it('leaves out what cannot be judged: a reader without energy, or with NaN where it removes', () => {
  const layer = intactLayer({ n: 5, p: 2, m: 2, seed: 4 });
  const silent = { ...layer, energy: new Float64Array(2), cross: new Float64Array(20), gram: new Float64Array(100) };
  const broken = { ...layer, gram: layer.gram.slice().fill(Number.NaN, 0, 1) };
  expect(greedyOrder([{ statistics: silent }, { statistics: layer }], 5, 'scale')).toEqual(greedyOrder([{ statistics: layer }], 5, 'scale'));
  expect(backwardOrder([{ statistics: broken }, { statistics: layer }], 5, 'scale')).toEqual(backwardOrder([{ statistics: layer }], 5, 'scale'));
  expect(greedyOrder([], 3, 'scale')).toEqual([0, 1, 2]);
  expect(backwardOrder([], 3, 'scale')).toEqual([0, 1, 2]);
  expect(() => greedyOrder([{ statistics: layer, inputsOf: [[0], [0]] }], 2, 'scale')).toThrow('holds 0 twice');
});
