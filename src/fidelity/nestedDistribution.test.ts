import { expect, it } from 'vitest';
import { intactLayer, sequentialLayer } from './fixtures/randomLayer.ts';
import { nestedCurves } from './monteCarloBand.ts';
import { permutation, sampleIndices, seededRandom } from './random.ts';
import { subsetFidelity } from './subsetFidelity.ts';

/** Two-sample Kolmogorov–Smirnov statistic, `sup |F_a − F_b|`; the same subset's fidelities differ by rounding alone. */
function kolmogorovSmirnov(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const [x, y] = [rounded(a), rounded(b)];
  let [i, j, greatest] = [0, 0, 0];
  while (i < x.length && j < y.length) {
    const value = Math.min(x[i], y[j]);
    while (i < x.length && x[i] <= value) i++;
    while (j < y.length && y[j] <= value) j++;
    greatest = Math.max(greatest, Math.abs(i / x.length - j / y.length));
  }
  return greatest;
}

function rounded(values: ArrayLike<number>): Float64Array {
  return Float64Array.from(values, (value) => Math.round(value * 1e9)).sort();
}

/** What the statistic exceeds in one of 10,000 pairs of samples of this size from one distribution. */
function critical(size: number): number {
  return Math.sqrt(-Math.log(1e-4 / 2) / size);
}

const DRAWS = 3000;

it.each([
  ['convolution', intactLayer({ n: 12, p: 4, m: 3, seed: 5 })],
  ['dense layer', intactLayer({ n: 16, p: 1, m: 4, seed: 6 })],
  ['layer with drifted inputs', sequentialLayer({ n: 10, p: 2, m: 2, seed: 7 })],
])('prefixes of random permutations of a %s have the fidelities of directly drawn subsets', (_, layer) => {
  const { n } = layer;
  const random = seededRandom(2024);
  const curves = nestedCurves(layer, Array.from({ length: DRAWS }, () => permutation(n, random)));
  for (const k of [1, 3, Math.ceil(n / 2), n - 2]) {
    const direct = Array.from({ length: DRAWS }, () => subsetFidelity(layer, sampleIndices(n, k, random), 'scale'));
    expect(kolmogorovSmirnov(curves.map((curve) => curve[k - 1]), direct)).toBeLessThan(critical(DRAWS));
    // The test tells neighbouring sizes apart, so it can fail.
    expect(kolmogorovSmirnov(curves.map((curve) => curve[k]), direct)).toBeGreaterThan(2 * critical(DRAWS));
  }
});
