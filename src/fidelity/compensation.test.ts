import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { compensate } from './compensation.ts';
import { gramBlocks } from './componentBlocks.ts';
import { multiplyTransposed } from './denseProduct.ts';
import { intactLayer, sequentialLayer } from './fixtures/randomLayer.ts';
import { subsetFidelity } from './subsetFidelity.ts';

const recipe = fc.record({
  n: fc.integer({ min: 2, max: 7 }),
  p: fc.constantFrom(1, 3),
  m: fc.integer({ min: 1, max: 9 }),
  seed: fc.integer(),
});

it('keeping everything on intact inputs keeps every weight', () => {
  fc.assert(
    fc.property(recipe.map(intactLayer), (layer) => {
      const all = Array.from({ length: layer.n }, (_, i) => i);
      for (const method of ['none', 'scale', 'leastSquares'] as const) {
        const { weights, fidelity } = compensate(layer, all, method);
        weights.forEach((weight, at) => expect(weight).toBeCloseTo(layer.weights[at], 8));
        expect(fidelity).toBeCloseTo(1, 9);
      }
    }),
  );
});

it('least squares leaves an error that is orthogonal to every kept input', () => {
  fc.assert(
    fc.property(recipe.map(sequentialLayer), (layer) => {
      const { n, p, m } = layer;
      const kept = [n - 1, 0];
      const size = kept.length * p;
      const { weights } = compensate(layer, kept, 'leastSquares', { ridge: 0 });
      const fitted = multiplyTransposed(weights, m, gramBlocks(layer.gram, p, kept), size, size);
      for (let c = 0; c < m; c++) {
        for (let q = 0; q < size; q++) {
          const target = layer.cross[c * n * p + kept[Math.floor(q / p)] * p + (q % p)];
          expect(fitted[c * size + q]).toBeCloseTo(target, 7);
        }
      }
    }),
  );
});

it('raises the ridge when kept components duplicate each other, and still fits', () => {
  const base = intactLayer({ n: 4, p: 2, m: 3, seed: 21 });
  // Component 1 becomes a copy of component 0.
  const twin = [0, 0, 2, 3];
  const gram = gramBlocks(base.gram, 2, twin);
  const cross = multiplyTransposed(base.weights, 3, gram, 8, 8);
  const energy = new Float64Array(3);
  for (let c = 0; c < 3; c++) for (let q = 0; q < 8; q++) energy[c] += base.weights[c * 8 + q] * cross[c * 8 + q];
  const layer = { ...base, gram, cross, energy };
  const both = compensate(layer, [0, 1, 2], 'leastSquares', { ridge: 0 });
  expect(both.ridge).toBeGreaterThan(0);
  expect(both.weights.every(Number.isFinite)).toBe(true);
  const one = compensate(layer, [0, 2], 'leastSquares', { ridge: 0 });
  expect(one.ridge).toBe(0);
  expect(both.fidelity).toBeCloseTo(one.fidelity, 6);
});

it('keeps the weights, and says so, where statistics hold NaN', () => {
  const layer = intactLayer({ n: 3, p: 2, m: 2, seed: 1 });
  const broken = { ...layer, gram: layer.gram.slice().fill(Number.NaN, 0, 1) };
  const { weights, ridge, fidelity } = compensate(broken, [0, 1, 2], 'leastSquares');
  expect(ridge).toBe(Number.POSITIVE_INFINITY);
  expect([...weights]).toEqual([...layer.weights]);
  expect(fidelity).toBeNaN();
  expect(subsetFidelity(broken, [0, 1], 'scale')).toBeNaN();
});

it('keeping nothing gives no weights and fidelity 0', () => {
  const layer = intactLayer({ n: 3, p: 2, m: 2, seed: 1 });
  for (const method of ['none', 'scale', 'leastSquares'] as const) {
    const { weights, fidelity } = compensate(layer, [], method);
    expect(weights.length).toBe(0);
    expect(fidelity).toBe(0);
  }
});

it('refuses statistics and components that do not fit, by name', () => {
  const layer = intactLayer({ n: 3, p: 2, m: 2, seed: 1 });
  const short = { ...layer, cross: new Float64Array(5) };
  expect(() => compensate(short, [0], 'none')).toThrow('compensate: cross has length 5, expected 12.');
  expect(() => compensate(layer, [0, 3], 'none')).toThrow('compensate: kept holds 3');
  expect(() => compensate(layer, [1, 1], 'none')).toThrow('compensate: kept holds 1 twice.');
  expect(() => compensate({ ...layer, m: 0 }, [1], 'none')).toThrow('m is 0');
  expect(() => compensate(layer, [1], 'scale', { ridge: -1 })).toThrow('relative is -1');
});
