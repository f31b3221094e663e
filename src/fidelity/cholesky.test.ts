import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cholesky, choleskyWithRidge, solveFactored, solveLower } from './cholesky.ts';
import { multiplyTransposed } from './denseProduct.ts';
import { normal } from './fixtures/randomLayer.ts';
import { seededRandom } from './random.ts';

function definite(n: number, seed: number): Float64Array {
  const random = seededRandom(seed);
  const rows = Float64Array.from({ length: n * (n + 8) }, () => normal(random));
  return multiplyTransposed(rows, n, rows, n, n + 8);
}

function greatest(values: Float64Array): number {
  return values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
}

function greatestDifference(a: Float64Array, b: Float64Array): number {
  expect(a.length).toBe(b.length);
  return greatest(a.map((value, at) => value - b[at]));
}

function factorOf(a: Float64Array, n: number): Float64Array {
  const result = cholesky(a, n);
  if (!result.ok) throw new Error(`did not factor at ${result.pivot}`);
  return result.factor;
}

// Around the block of 64 and the tiles of 2 and 4.
const sizes = [0, 1, 2, 3, 5, 63, 64, 65, 66, 67, 68, 127, 129, 131, 200];

describe.each(sizes)('Cholesky of size %i', (n) => {
  const a = definite(n, n);

  it('rebuilds the matrix as L Lᵀ, with L lower triangular and the argument untouched', () => {
    const before = a.slice();
    const factor = factorOf(a, n);
    expect(greatestDifference(multiplyTransposed(factor, n, factor, n, n), a)).toBeLessThanOrEqual(1e-13 * greatest(a));
    for (let i = 0; i < n; i++) for (let j = i + 1; j < n; j++) expect(factor[i * n + j]).toBe(0);
    expect(a).toEqual(before);
  });

  it('solves each of several right-hand sides', () => {
    const factor = factorOf(a, n);
    for (const count of [0, 1, 4, 7]) {
      const random = seededRandom(count);
      const rhs = Float64Array.from({ length: count * n }, () => normal(random));
      const x = solveFactored(factor, n, rhs, count);
      const scale = greatest(a) * Math.max(1, greatest(x));
      expect(greatestDifference(multiplyTransposed(x, count, a, n, n), rhs)).toBeLessThanOrEqual(1e-12 * scale);
      const y = solveLower(factor, n, rhs, count);
      expect(greatestDifference(multiplyTransposed(y, count, factor, n, n), rhs)).toBeLessThanOrEqual(1e-12 * scale);
    }
  });
});

it('only the lower triangle is read', () => {
  const a = definite(70, 3);
  const lower = a.map((value, at) => (at % 70 > Math.floor(at / 70) ? Number.NaN : value));
  expect(factorOf(lower, 70)).toEqual(factorOf(a, 70));
});

it('a matrix that is not definite is a result that names the pivot', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 140 }), fc.nat(), (n, at) => {
      const a = definite(n, n);
      const pivot = at % n;
      a[pivot * n + pivot] = -1;
      expect(cholesky(a, n)).toEqual({ ok: false, pivot });
    }),
    { numRuns: 30 },
  );
});

it('a singular matrix does not pass for definite by rounding', () => {
  const n = 90;
  const random = seededRandom(8);
  const rows = Float64Array.from({ length: n * 40 }, () => normal(random));
  const result = cholesky(multiplyTransposed(rows, n, rows, n, 40), n);
  expect(result).toEqual({ ok: false, pivot: 40 });
});

describe('the ridge', () => {
  it('starts at its relative size times the mean diagonal', () => {
    const a = definite(5, 1);
    const mean = (a[0] + a[6] + a[12] + a[18] + a[24]) / 5;
    const result = choleskyWithRidge(a, 5);
    expect(result.ok && result.ridge).toBeCloseTo(1e-6 * mean, 15);
    const none = choleskyWithRidge(a, 5, { relative: 0 });
    expect(none).toEqual({ ok: true, factor: factorOf(a, 5), ridge: 0 });
  });

  it('is raised tenfold until the matrix factors', () => {
    // Eigenvalues 3 and −1, mean diagonal 1: only a ridge above 1 helps.
    const result = choleskyWithRidge(new Float64Array([1, 2, 2, 1]), 2);
    expect(result.ok && result.ridge).toBeCloseTo(10, 9);
  });

  it('of 0 gives way to 1e-12 where the matrix is singular', () => {
    const result = choleskyWithRidge(new Float64Array([1, 1, 1, 1]), 2, { relative: 0 });
    expect(result.ok && result.ridge).toBe(1e-12);
  });

  it('is added in proportion to the weights', () => {
    const weights = new Float64Array([1, 4]);
    const result = choleskyWithRidge(new Float64Array([1, 0, 0, 1]), 2, { relative: 1, reference: 2, weights });
    expect(result.ok && [...result.factor]).toEqual([Math.sqrt(3), 0, 0, 3]);
  });

  it('factors a matrix of zeros, and gives up on NaN', () => {
    const zero = choleskyWithRidge(new Float64Array(9), 3);
    expect(zero.ok && zero.ridge).toBe(1e-6);
    expect(choleskyWithRidge(new Float64Array([1, 0, Number.NaN, 1]), 2)).toEqual({ ok: false, pivot: 1 });
  });
});

it('wrong lengths are refused by name', () => {
  expect(() => cholesky(new Float64Array(5), 2)).toThrow('cholesky: the matrix has length 5, expected 4.');
  expect(() => solveFactored(new Float64Array(4), 2, new Float64Array(3), 2)).toThrow('rhs has length 3');
  expect(() => choleskyWithRidge(new Float64Array(4), 2, { weights: new Float64Array(1) })).toThrow('weights');
});
