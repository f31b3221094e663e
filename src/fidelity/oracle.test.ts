import { describe, expect, it } from 'vitest';
import { compensate } from './compensation.ts';
import type { Compensation } from './compensationMethod.ts';
import { crossEnergy, ownEnergy, pairEnergy } from './contributions.ts';
import conv from './fixtures/conv.json' with { type: 'json' };
import dense from './fixtures/dense.json' with { type: 'json' };
import sequential from './fixtures/sequential.json' with { type: 'json' };
import sparseDense from './fixtures/sparseDense.json' with { type: 'json' };
import { intactStatistics, type LayerStatistics } from './layerStatistics.ts';
import { singletonFidelity } from './singletonFidelity.ts';
import { outputFidelity, subsetFidelity } from './subsetFidelity.ts';

// Expected values: zoo/oracles/fidelity.py, by explicit contributions and numpy.linalg.lstsq.

const METHODS = ['none', 'scale', 'leastSquares', 'leastSquaresBias'] as const satisfies readonly Compensation[];
const TOLERANCE = 1e-9;

/** Greatest deviation, relative to the greatest expected magnitude. */
function relativeError(actual: ArrayLike<number>, expected: readonly number[]): number {
  expect(actual.length).toBe(expected.length);
  const scale = Math.max(...expected.map(Math.abs));
  return Math.max(...expected.map((value, at) => Math.abs(actual[at] - value))) / scale;
}

const fixtures = { conv, dense, sparseDense, sequential };

describe.each(Object.entries(fixtures))('on the %s layer, as NumPy has it,', (_, oracle) => {
  const statistics = {
    n: oracle.n,
    p: oracle.p,
    m: oracle.m,
    gram: Float64Array.from(oracle.gram),
    cross: Float64Array.from(oracle.cross),
    energy: Float64Array.from(oracle.energy),
    weights: Float64Array.from(oracle.weights),
    means: {
      input: Float64Array.from(oracle.means.input),
      output: Float64Array.from(oracle.means.output),
      positions: oracle.means.positions,
    },
  } satisfies LayerStatistics;

  it('cross, own and pair energies are those of the contributions', () => {
    expect(relativeError(crossEnergy(statistics), oracle.crossEnergy)).toBeLessThan(TOLERANCE);
    expect(relativeError(ownEnergy(statistics), oracle.ownEnergy)).toBeLessThan(TOLERANCE);
    oracle.pairEnergy.forEach((expected, c) => {
      expect(relativeError(pairEnergy(statistics, c), expected)).toBeLessThan(TOLERANCE);
    });
  });

  it('singleton fidelity is the best single-contribution fit', () => {
    expect(relativeError(singletonFidelity(statistics), oracle.singleton)).toBeLessThan(TOLERANCE);
  });

  it('subset fidelity is the residual of the best fit, with and without a ridge', () => {
    for (const { subset, ridge, fidelity, outputFidelity: perOutput } of oracle.cases) {
      const actual = METHODS.map((method) => subsetFidelity(statistics, subset, method, { ridge }));
      expect(relativeError(actual, METHODS.map((method) => fidelity[method]))).toBeLessThan(TOLERANCE);
      // A strong ridge can charge a weak component more than it explains; fidelity stops at 0.
      const expected = perOutput.map((value) => Math.max(0, value));
      expect(relativeError(outputFidelity(statistics, subset, 'scale', { ridge }), expected)).toBeLessThan(TOLERANCE);
    }
  });

  it('compensated weights are those of the fit, and reach the fidelity they state', () => {
    const { n, p, m, weights } = statistics;
    for (const { subset, ridge, delta, leastSquaresWeights, leastSquaresBiasWeights, bias, reached } of oracle.cases) {
      const results = METHODS.map((method) => compensate(statistics, subset, method, { ridge }));
      const [none, scale, least, biased] = results;
      const sliced = Array.from({ length: m }, (_, c) =>
        subset.flatMap((i) => Array.from(weights.subarray((c * n + i) * p, (c * n + i + 1) * p))),
      );
      expect([...none.weights]).toEqual(sliced.flat());
      const scaled = sliced.flatMap((row, c) => row.map((weight, q) => weight * delta[c][Math.floor(q / p)]));
      expect(relativeError(scale.weights, scaled)).toBeLessThan(TOLERANCE);
      expect(relativeError(least.weights, leastSquaresWeights.flat())).toBeLessThan(TOLERANCE);
      expect(relativeError(biased.weights, leastSquaresBiasWeights.flat())).toBeLessThan(TOLERANCE);
      // Beside a mean output: a bias that is 0 has no scale of its own.
      const mean = statistics.means.output.map((sum, c) => sum / statistics.means.positions + bias[c]);
      const refitted = biased.bias?.map((value, c) => value - bias[c] + mean[c]) ?? [];
      expect(relativeError(refitted, [...mean])).toBeLessThan(TOLERANCE);
      expect([none.bias, scale.bias, least.bias]).toEqual([undefined, undefined, undefined]);
      const stated = results.map((result) => result.fidelity);
      expect(relativeError(stated, METHODS.map((method) => reached[method]))).toBeLessThan(TOLERANCE);
      const diagonal = trace(statistics.gram, n * p) / (n * p);
      expect(none.ridge).toBe(0);
      expect(least.ridge / diagonal).toBeCloseTo(ridge, 12);
      expect(biased.ridge / diagonal).toBeCloseTo(ridge, 12);
      expect(scale.ridge / diagonal).toBeCloseTo(ridge, 12);
    }
  });
});

it.each(Object.entries({ conv, dense, sparseDense }))('cross and energy of the intact %s layer follow from G and W', (_, oracle) => {
  const { n, p, m } = oracle;
  const gram = Float64Array.from(oracle.gram);
  const intact = intactStatistics({ n, p, m, gram, weights: Float64Array.from(oracle.weights) });
  expect(relativeError(intact.cross, oracle.cross)).toBeLessThan(TOLERANCE);
  expect(relativeError(intact.energy, oracle.energy)).toBeLessThan(TOLERANCE);
});

it('the sequential oracle differs from what intact inputs would give', () => {
  const { gram, weights, ...sizes } = sequential;
  const intact = intactStatistics({ ...sizes, gram: Float64Array.from(gram), weights: Float64Array.from(weights) });
  expect(relativeError(intact.cross, sequential.cross)).toBeGreaterThan(0.05);
});

function trace(matrix: Float64Array, size: number): number {
  let sum = 0;
  for (let i = 0; i < size; i++) sum += matrix[i * size + i];
  return sum;
}
