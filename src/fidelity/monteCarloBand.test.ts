import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { fidelityCurve } from './fidelityCurve.ts';
import { intactLayer, sequentialLayer } from './fixtures/randomLayer.ts';
import { monteCarloBand } from './monteCarloBand.ts';
import { permutation, seededRandom } from './random.ts';
import { subsetFidelity } from './subsetFidelity.ts';

const recipe = fc.record({
  n: fc.integer({ min: 1, max: 6 }),
  p: fc.constantFrom(1, 2),
  m: fc.integer({ min: 1, max: 3 }),
  seed: fc.integer(),
});

it('quantiles are ordered, rise with k and end at 1 on an intact layer', () => {
  fc.assert(
    fc.property(recipe.map(intactLayer), fc.integer(), (layer, seed) => {
      const { low, median, high, best } = monteCarloBand(layer, 15, seededRandom(seed));
      for (let k = 0; k < layer.n; k++) {
        expect(low[k]).toBeGreaterThanOrEqual(k > 0 ? low[k - 1] : 0);
        expect(median[k]).toBeGreaterThanOrEqual(low[k]);
        expect(high[k]).toBeGreaterThanOrEqual(median[k]);
        expect(best[k]).toBeGreaterThanOrEqual(high[k]);
        expect(best[k]).toBeLessThanOrEqual(1);
      }
      expect(low[layer.n - 1]).toBeCloseTo(1, 9);
    }),
    { numRuns: 40 },
  );
});

it('one permutation is its fidelity curve', () => {
  fc.assert(
    fc.property(recipe.map(sequentialLayer), fc.integer(), (layer, seed) => {
      const { low, median, best } = monteCarloBand(layer, 1, seededRandom(seed));
      const curve = fidelityCurve(layer, permutation(layer.n, seededRandom(seed)), 'scale');
      curve.forEach((fidelity, k) => expect(median[k]).toBeCloseTo(fidelity, 9));
      expect(low).toEqual(median);
      expect(best).toEqual(median);
    }),
    { numRuns: 40 },
  );
});

it('quantiles are those of the sorted fidelities of single components, interpolated', () => {
  const layer = intactLayer({ n: 6, p: 2, m: 2, seed: 2 });
  const random = seededRandom(7);
  const orders = Array.from({ length: 21 }, () => permutation(6, random));
  const first = orders.map((order) => subsetFidelity(layer, [order[0]], 'scale')).sort((a, b) => a - b);
  const band = monteCarloBand(layer, 21, seededRandom(7));
  expect(band.low[0]).toBeCloseTo(first[1], 9);
  expect(band.median[0]).toBeCloseTo(first[10], 9);
  expect(band.high[0]).toBeCloseTo(first[19], 9);
  expect(band.best[0]).toBeCloseTo(first[20], 9);
  const few = monteCarloBand(layer, 2, seededRandom(7));
  const pair = orders.slice(0, 2).map((order) => subsetFidelity(layer, [order[0]], 'scale'));
  expect(few.low[0]).toBeCloseTo(Math.min(...pair) + 0.05 * Math.abs(pair[0] - pair[1]), 9);
});

it('of a sample of outputs is that of those outputs', () => {
  const layer = intactLayer({ n: 5, p: 2, m: 4, seed: 3 });
  const { median } = monteCarloBand(layer, 1, seededRandom(1), { outputs: [1, 3] });
  const curve = fidelityCurve(layer, permutation(5, seededRandom(1)), 'scale', { outputs: [1, 3] });
  curve.forEach((fidelity, k) => expect(median[k]).toBeCloseTo(fidelity, 9));
  expect(() => monteCarloBand(layer, 1, seededRandom(1), { outputs: [4] })).toThrow('outputs holds 4');
});

it('a dense layer with a zero weight is banded as its curve is', () => {
  const dense = intactLayer({ n: 5, p: 1, m: 3, seed: 6 });
  const weights = dense.weights.slice();
  weights[7] = 0;
  const { median } = monteCarloBand({ ...dense, weights }, 1, seededRandom(1));
  const curve = fidelityCurve({ ...dense, weights }, permutation(5, seededRandom(1)), 'scale');
  curve.forEach((fidelity, k) => expect(median[k]).toBeCloseTo(fidelity, 7));
});
