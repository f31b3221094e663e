import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compensate } from './compensation.ts';
import { fidelityCurve } from './fidelityCurve.ts';
import { intactLayer, offsetLayer, sequentialLayer } from './fixtures/randomLayer.ts';
import { subsetFidelity } from './subsetFidelity.ts';

const recipe = fc.record({
  n: fc.integer({ min: 2, max: 7 }),
  p: fc.constantFrom(1, 3),
  m: fc.integer({ min: 1, max: 5 }),
  seed: fc.integer(),
});
const anyRidge = fc.constantFrom(0, 1e-6, 1e-3);
const ROUNDING = 1e-9;

describe('least squares with a bias', () => {
  it('is never below least squares, whatever the ridge, and above it where means have drifted', () => {
    let above = 0;
    let all = 0;
    fc.assert(
      fc.property(recipe.map(offsetLayer), anyRidge, (layer, ridge) => {
        const kept = [layer.n - 1, ...Array.from({ length: Math.floor(layer.n / 3) }, (_, i) => i)];
        for (const measure of [
          (method: 'leastSquares' | 'leastSquaresBias') => subsetFidelity(layer, kept, method, { ridge }),
          (method: 'leastSquares' | 'leastSquaresBias') => compensate(layer, kept, method, { ridge: 0 }).fidelity,
        ]) {
          const [plain, beside] = [measure('leastSquares'), measure('leastSquaresBias')];
          expect(beside).toBeGreaterThanOrEqual(plain - ROUNDING);
          all++;
          if (beside > plain + 1e-4) above++;
        }
      }),
    );
    expect(above / all).toBeGreaterThan(0.8);
  });

  it('has a curve that is its subset fidelity at every k, and starts from what a bias explains alone', () => {
    fc.assert(
      fc.property(recipe.map(offsetLayer), (layer) => {
        const order = Array.from({ length: layer.n }, (_, i) => layer.n - 1 - i);
        const curve = fidelityCurve(layer, order, 'leastSquaresBias', { ridge: 0 });
        curve.forEach((fidelity, k) => {
          expect(fidelity).toBeCloseTo(subsetFidelity(layer, order.slice(0, k + 1), 'leastSquaresBias', { ridge: 0 }), 9);
        });
        const { output, positions } = layer.means;
        const explained = output.reduce((sum, t) => sum + t ** 2 / positions, 0) / layer.energy.reduce((sum, e) => sum + e, 0);
        expect(subsetFidelity(layer, [], 'leastSquaresBias')).toBeCloseTo(explained, 9);
        expect(compensate(layer, [], 'leastSquaresBias').fidelity).toBeCloseTo(explained, 9);
        expect(subsetFidelity(layer, [], 'leastSquares')).toBe(0);
        expect(curve[0]).toBeGreaterThan(explained - ROUNDING);
      }),
    );
  });

  it('leaves an error whose mean is 0, even where the ridge holds every weight in place', () => {
    fc.assert(
      fc.property(recipe.map(offsetLayer), fc.constantFrom(0, 1e-3, 1e3), (layer, ridge) => {
        const { n, p, m, means } = layer;
        const kept = Array.from({ length: n }, (_, i) => i);
        const { weights, bias = new Float64Array(m) } = compensate(layer, kept, 'leastSquaresBias', { ridge });
        for (let c = 0; c < m; c++) {
          let left = means.output[c] - bias[c] * means.positions;
          for (let q = 0; q < n * p; q++) left -= weights[c * n * p + q] * means.input[q];
          expect(left / means.positions).toBeCloseTo(0, 9);
        }
        if (ridge < 1e3) return;
        weights.forEach((weight, at) => expect(Math.abs(weight - layer.weights[at])).toBeLessThan(0.05));
        expect(Math.max(...bias.map(Math.abs))).toBeGreaterThan(1e-3);
      }),
    );
  });

  it('changes neither weights nor bias of a layer that is kept whole on intact inputs', () => {
    const layer = intactLayer({ n: 4, p: 2, m: 3, seed: 8 });
    const input = Float64Array.from({ length: 8 }, (_, q) => 0.5 + 0.1 * q);
    const output = new Float64Array(3);
    for (let c = 0; c < 3; c++) for (let q = 0; q < 8; q++) output[c] += layer.weights[c * 8 + q] * input[q];
    const { weights, bias } = compensate({ ...layer, means: { input, output, positions: 40 } }, [0, 1, 2, 3], 'leastSquaresBias');
    weights.forEach((weight, at) => expect(weight).toBeCloseTo(layer.weights[at], 8));
    expect(bias).toHaveLength(3);
    bias?.forEach((value) => expect(value).toBeCloseTo(0, 8));
  });

  it('is least squares where there are no means, and says so by having no bias', () => {
    const layer = sequentialLayer({ n: 5, p: 2, m: 3, seed: 3 });
    expect(compensate(layer, [1, 4], 'leastSquaresBias')).toEqual(compensate(layer, [1, 4], 'leastSquares'));
    expect(fidelityCurve(layer, [3, 1, 0], 'leastSquaresBias')).toEqual(fidelityCurve(layer, [3, 1, 0], 'leastSquares'));
  });

  it('keeps weights and bias where statistics hold NaN', () => {
    const layer = offsetLayer({ n: 3, p: 2, m: 2, seed: 1 });
    const broken = { ...layer, gram: layer.gram.slice().fill(Number.NaN, 0, 1) };
    const { weights, bias, ridge } = compensate(broken, [0, 1, 2], 'leastSquaresBias');
    expect(ridge).toBe(Number.POSITIVE_INFINITY);
    expect([...weights]).toEqual([...layer.weights]);
    expect(bias).toBeUndefined();
  });

  it('refuses means that do not fit, by name', () => {
    const layer = offsetLayer({ n: 3, p: 2, m: 2, seed: 1 });
    const short = { ...layer, means: { ...layer.means, input: new Float64Array(5) } };
    expect(() => compensate(short, [0], 'leastSquaresBias')).toThrow('compensate: means.input has length 5, expected 6.');
    const nowhere = { ...layer, means: { ...layer.means, positions: 0 } };
    expect(() => fidelityCurve(nowhere, [0], 'none')).toThrow('fidelityCurve: means.positions is 0');
  });
});
