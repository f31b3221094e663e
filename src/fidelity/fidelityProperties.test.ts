import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compensate } from './compensation.ts';
import type { Compensation } from './compensationMethod.ts';
import { ownEnergy } from './contributions.ts';
import { fidelityCurve } from './fidelityCurve.ts';
import { intactLayer, orthogonalLayer, sequentialLayer, withDeadInput } from './fixtures/randomLayer.ts';
import type { LayerStatistics } from './layerStatistics.ts';
import { leastCountReaching } from './leastCount.ts';
import { permutation, seededRandom } from './random.ts';
import { forwardGreedy } from './selection/forwardGreedy.ts';
import { singletonOrder } from './selection/singletonOrder.ts';
import { topK } from './selection/topK.ts';
import { singletonFidelity, singletonScores } from './singletonFidelity.ts';
import { outputFidelity, subsetFidelity } from './subsetFidelity.ts';

const recipe = fc.record({
  n: fc.integer({ min: 1, max: 7 }),
  p: fc.constantFrom(1, 2, 4),
  m: fc.integer({ min: 1, max: 4 }),
  seed: fc.integer(),
});
const intact = recipe.map(intactLayer);
const anyLayer = fc.oneof(intact, recipe.map(sequentialLayer));
const anyRidge = fc.constantFrom(0, 1e-6, 1e-3);
const fits: readonly Compensation[] = ['scale', 'leastSquares'];
const ROUNDING = 1e-9;

function orderOf(layer: LayerStatistics): number[] {
  return [...permutation(layer.n, seededRandom(layer.n * 31 + layer.m))];
}

function everySubset(n: number, k: number): number[][] {
  const subsets: number[][] = [];
  for (let mask = 0; mask < 1 << n; mask++) {
    const subset = Array.from({ length: n }, (_, i) => i).filter((i) => (mask >> i) & 1);
    if (subset.length === k) subsets.push(subset);
  }
  return subsets;
}

function exactFidelity(layer: LayerStatistics, k: number): number {
  return Math.max(...everySubset(layer.n, k).map((subset) => subsetFidelity(layer, subset, 'scale', { ridge: 0 })));
}

describe('subset fidelity', () => {
  it('lies in [0, 1], and is strictly inside for part of a layer', () => {
    fc.assert(
      fc.property(anyLayer, anyRidge, (layer, ridge) => {
        for (const method of fits) {
          const fidelity = subsetFidelity(layer, orderOf(layer).slice(0, Math.ceil(layer.n / 2)), method, { ridge });
          expect(fidelity).toBeGreaterThan(0);
          expect(fidelity).toBeLessThanOrEqual(1);
          if (layer.n > 1) expect(fidelity).toBeLessThan(1);
        }
      }),
    );
  });

  it('never falls when a component joins', () => {
    fc.assert(
      fc.property(anyLayer, (layer) => {
        const order = orderOf(layer);
        for (const method of fits) {
          for (let k = 1; k < layer.n; k++) {
            const smaller = subsetFidelity(layer, order.slice(0, k), method, { ridge: 0 });
            const larger = subsetFidelity(layer, order.slice(0, k + 1), method, { ridge: 0 });
            expect(larger).toBeGreaterThanOrEqual(smaller - ROUNDING);
          }
        }
      }),
    );
  });

  it('is 1 for the whole of an intact layer, whatever the ridge', () => {
    fc.assert(
      fc.property(intact, anyRidge, (layer, ridge) => {
        for (const method of ['none', ...fits] as const) {
          expect(subsetFidelity(layer, orderOf(layer), method, { ridge })).toBeCloseTo(1, 9);
        }
      }),
    );
  });

  it('is at least as great by least squares as by scale, and by scale as uncompensated, whatever the ridge', () => {
    fc.assert(
      fc.property(anyLayer, anyRidge, (layer, ridge) => {
        const subset = orderOf(layer).slice(0, Math.ceil(layer.n / 2));
        const none = subsetFidelity(layer, subset, 'none');
        const scale = subsetFidelity(layer, subset, 'scale', { ridge });
        const least = subsetFidelity(layer, subset, 'leastSquares', { ridge });
        expect(scale).toBeGreaterThanOrEqual(none - ROUNDING);
        expect(least).toBeGreaterThanOrEqual(scale - ROUNDING);
      }),
    );
  });

  it('is the energy-weighted mean of the fidelities of the outputs', () => {
    fc.assert(
      fc.property(anyLayer, (layer) => {
        const subset = orderOf(layer).slice(0, Math.ceil(layer.n / 2));
        const perOutput = outputFidelity(layer, subset);
        const total = layer.energy.reduce((sum, energy) => sum + energy, 0);
        const mean = perOutput.reduce((sum, fidelity, c) => sum + fidelity * layer.energy[c], 0) / total;
        expect(subsetFidelity(layer, subset, 'scale')).toBeCloseTo(mean, 9);
      }),
    );
  });

  it('never exceeds what the compensated weights reach, and equals it without a ridge', () => {
    fc.assert(
      fc.property(anyLayer, (layer) => {
        const subset = orderOf(layer).slice(0, Math.ceil(layer.n / 2));
        for (const method of fits) {
          const ridged = compensate(layer, subset, method, { ridge: 1e-3 }).fidelity;
          expect(subsetFidelity(layer, subset, method, { ridge: 1e-3 })).toBeLessThanOrEqual(ridged + ROUNDING);
          const plain = compensate(layer, subset, method, { ridge: 0 }).fidelity;
          expect(subsetFidelity(layer, subset, method, { ridge: 0 })).toBeCloseTo(plain, 9);
        }
      }),
    );
  });

  it('of uncompensated weights is negative when they do worse than nothing', () => {
    // Two inputs that cancel: either one alone is all error.
    const gram = new Float64Array([1, 0.9, 0.9, 1]);
    const weights = new Float64Array([1, -1]);
    const layer = { n: 2, p: 1, m: 1, gram, weights, cross: new Float64Array([0.1, -0.1]), energy: new Float64Array([0.2]) };
    expect(subsetFidelity(layer, [0], 'none')).toBeCloseTo(1 - 1 / 0.2, 12);
    expect(fidelityCurve(layer, [0, 1], 'none')[0]).toBe(0);
  });
});

describe('singleton fidelity', () => {
  it('is the fidelity of the single-component subset, per output and for the layer', () => {
    fc.assert(
      fc.property(anyLayer, (layer) => {
        const pairs = singletonFidelity(layer);
        const scores = singletonScores(layer);
        for (let i = 0; i < layer.n; i++) {
          expect(scores[i]).toBeCloseTo(subsetFidelity(layer, [i], 'scale', { ridge: 0 }), 9);
          outputFidelity(layer, [i], 'scale', { ridge: 0 }).forEach((fidelity, c) => {
            expect(pairs[c * layer.n + i]).toBeCloseTo(fidelity, 9);
          });
        }
      }),
    );
  });

  it('selects no better than the exact subset, and no better is greedy', () => {
    fc.assert(
      fc.property(intact, (layer) => {
        const k = Math.ceil(layer.n / 2);
        const exact = exactFidelity(layer, k);
        const bySingleton = subsetFidelity(layer, topK(singletonScores(layer), k), 'scale', { ridge: 0 });
        const byGreedy = subsetFidelity(layer, forwardGreedy(layer, { count: k, ridge: 0 }), 'scale', { ridge: 0 });
        expect(bySingleton).toBeLessThanOrEqual(exact + ROUNDING);
        expect(byGreedy).toBeLessThanOrEqual(exact + ROUNDING);
      }),
      { numRuns: 40 },
    );
  });

  it('selects the exact subset when contributions are orthogonal', () => {
    fc.assert(
      fc.property(recipe.map(orthogonalLayer), (layer) => {
        for (let k = 1; k <= layer.n; k++) {
          const selected = subsetFidelity(layer, topK(singletonScores(layer), k), 'scale', { ridge: 0 });
          expect(selected).toBeCloseTo(exactFidelity(layer, k), 9);
        }
      }),
      { numRuns: 40 },
    );
  });

  it('weighs outputs alike on request', () => {
    const layer = intactLayer({ n: 3, p: 2, m: 4, seed: 5 });
    const pairs = singletonFidelity(layer);
    const mean = (i: number): number => (pairs[i] + pairs[3 + i] + pairs[6 + i] + pairs[9 + i]) / 4;
    [...singletonScores(layer, 'mean')].forEach((score, i) => expect(score).toBeCloseTo(mean(i), 12));
    expect(singletonScores(layer, 'mean')[0]).not.toBeCloseTo(singletonScores(layer)[0], 6);
  });
});

describe('zero energy', () => {
  it('gives a dead component score 0, and its removal costs nothing', () => {
    fc.assert(
      fc.property(intact.filter((layer) => layer.n > 1), anyRidge, (layer, ridge) => {
        const dead = withDeadInput(layer, 0);
        const rest = Array.from({ length: layer.n - 1 }, (_, i) => i + 1);
        expect(singletonScores(dead)[0]).toBe(0);
        expect(ownEnergy(dead)[0]).toBe(0);
        for (const method of ['none', ...fits] as const) {
          expect(subsetFidelity(dead, rest, method, { ridge })).toBeCloseTo(1, 9);
          expect(subsetFidelity(dead, [0, ...rest], method, { ridge })).toBeCloseTo(1, 9);
        }
        expect(singletonOrder(dead).at(-1)).toBe(0);
      }),
    );
  });

  it('gives an output without weights, or a whole dead layer, fidelity 0 and never NaN', () => {
    const layer = intactLayer({ n: 3, p: 2, m: 2, seed: 9 });
    const silent = { ...layer, weights: layer.weights.slice().fill(0, 0, 6), cross: layer.cross.slice().fill(0, 0, 6), energy: layer.energy.slice().fill(0, 0, 1) };
    expect(Array.from(singletonFidelity(silent).subarray(0, 3))).toEqual([0, 0, 0]);
    expect(outputFidelity(silent, [0, 1])[0]).toBe(0);
    expect(outputFidelity(silent, [0, 1])[1]).toBeGreaterThan(0);
    const dead = { ...layer, gram: new Float64Array(36), cross: new Float64Array(12), energy: new Float64Array(2) };
    expect([...singletonScores(dead)]).toEqual([0, 0, 0]);
    for (const method of ['none', ...fits] as const) {
      expect([...fidelityCurve(dead, [2, 0, 1], method)]).toEqual([0, 0, 0]);
      const kept = compensate(dead, [0, 1, 2], method);
      expect(kept.fidelity).toBe(0);
      kept.weights.forEach((weight, at) => expect(weight).toBeCloseTo(layer.weights[at], 12));
    }
  });
});

describe('the fidelity curve', () => {
  it('is subset fidelity at every k', () => {
    fc.assert(
      fc.property(anyLayer, (layer) => {
        const order = orderOf(layer);
        for (const method of ['none', ...fits] as const) {
          const curve = fidelityCurve(layer, order, method, { ridge: 0 });
          const direct = order.map((_, k) => Math.max(0, subsetFidelity(layer, order.slice(0, k + 1), method, { ridge: 0 })));
          direct.forEach((fidelity, k) => expect(curve[k]).toBeCloseTo(fidelity, 9));
        }
      }),
    );
  });

  it('under the default ridge strays from the plain fit by about the ridge alone', () => {
    fc.assert(
      fc.property(anyLayer, (layer) => {
        const order = orderOf(layer);
        for (const method of fits) {
          const plain = fidelityCurve(layer, order, method, { ridge: 0 });
          fidelityCurve(layer, order, method).forEach((fidelity, k) => {
            expect(fidelity).toBeLessThanOrEqual(plain[k] + ROUNDING);
            expect(fidelity).toBeGreaterThan(plain[k] - 1e-3);
          });
        }
      }),
    );
  });

  it('of chosen outputs is that of those outputs alone', () => {
    const layer = intactLayer({ n: 5, p: 2, m: 3, seed: 4 });
    const curve = fidelityCurve(layer, [4, 2, 0], 'scale', { outputs: [1] });
    [[4], [4, 2], [4, 2, 0]].forEach((subset, k) => {
      expect(curve[k]).toBeCloseTo(outputFidelity(layer, subset)[1], 6);
    });
  });

  it('rises with every ridge', () => {
    fc.assert(
      fc.property(anyLayer, fc.constantFrom(1e-3, 1, 100), (layer, ridge) => {
        for (const method of fits) {
          const curve = fidelityCurve(layer, orderOf(layer), method, { ridge });
          for (let k = 1; k < layer.n; k++) expect(curve[k]).toBeGreaterThanOrEqual(curve[k - 1]);
        }
      }),
    );
  });

  it('tells the least count that reaches a fidelity', () => {
    const curve = new Float64Array([0.2, 0.5, 0.5, 0.9]);
    expect(leastCountReaching(curve, 0)).toBe(1);
    expect(leastCountReaching(curve, 0.5)).toBe(2);
    expect(leastCountReaching(curve, 0.51)).toBe(4);
    expect(leastCountReaching(curve, 1)).toBe(4);
    expect(() => leastCountReaching(curve, 1.1)).toThrow('eta is 1.1');
    expect(() => leastCountReaching(new Float64Array(0), 0.5)).toThrow('empty');
  });
});
