import { ArgumentRangeError, checkInteger, checkLength } from './argumentErrors.ts';
import { factorInPlace } from './blockedCholesky.ts';

/** `factor` is L of `A = L Lᵀ`, row-major `n × n`, zero above the diagonal; or the pivot that was not positive. */
export type CholeskyResult =
  | { readonly ok: true; readonly factor: Float64Array }
  | { readonly ok: false; readonly pivot: number };

/** As `CholeskyResult`, with the λ that was added. */
export type RidgedCholeskyResult =
  | { readonly ok: true; readonly factor: Float64Array; readonly ridge: number }
  | { readonly ok: false; readonly pivot: number };

/**
 * Cholesky factor of a symmetric positive definite matrix, `A = L Lᵀ`.
 *
 * A matrix that is not positive definite to working precision is a returned result
 * (`ok: false` with the index of the failing pivot), not an exception.
 *
 * @param a row-major `n × n`; only the lower triangle is read, and `a` is left as it is
 * @returns O(n³/6) multiply-adds; one `n × n` array is allocated
 * @throws ShapeMismatchError when `a` is not `n × n`
 */
export function cholesky(a: Float64Array, n: number): CholeskyResult {
  checkSquare('cholesky', a, n);
  const factor = a.slice();
  const pivot = factorInPlace(factor, n);
  if (pivot >= 0) return { ok: false, pivot };
  for (let i = 0; i < n; i++) factor.fill(0, i * n + i + 1, (i + 1) * n);
  return { ok: true, factor };
}

/** The relative ridge that every score and compensation starts at unless told otherwise. */
export const DEFAULT_RIDGE = 1e-6;

export interface RidgeOptions {
  /** λ to start with, in units of `reference`. 0 tries the matrix as it is first. Default 1e-6. */
  readonly relative?: number;
  /** The unit of λ. Default: the mean of the diagonal's absolute values (1 when that is 0). */
  readonly reference?: number;
  /** Length n, at least 0: λ is added to diagonal element i times `weights[i]`. Default: all 1. */
  readonly weights?: Float64Array;
}

/** The first λ tried after a ridge of 0 has failed, and the last one before giving up, in units of `reference`. */
const SMALLEST_RIDGE = 1e-12;
const GREATEST_RIDGE = 1e3;

/**
 * Cholesky factor of `A + λ D`, D the identity or `diag(weights)`: λ starts at
 * `relative · reference` and is raised tenfold until the matrix factors.
 *
 * `relative: 0` means no ridge where none is needed (then 1e-12, 1e-11, …): right for exact
 * statistics and small problems, and the path that oracles are compared on. Statistics summed in
 * float32 carry errors of about 1e-7, which the default of 1e-6 covers. An all-zero matrix
 * factors as `λ D` with `reference` 1. A matrix holding NaN returns `ok: false`.
 *
 * @param a row-major `n × n`, symmetric; only the lower triangle is read, `a` is left as it is
 * @returns the factor and the absolute λ that was added; each attempt costs O(n³/6)
 * @throws ShapeMismatchError, ArgumentRangeError (negative or non-finite `relative`)
 */
export function choleskyWithRidge(a: Float64Array, n: number, options: RidgeOptions = {}): RidgedCholeskyResult {
  checkSquare('choleskyWithRidge', a, n);
  const { relative = DEFAULT_RIDGE, weights } = options;
  if (!(relative >= 0 && relative <= GREATEST_RIDGE)) {
    throw new ArgumentRangeError(`choleskyWithRidge: relative is ${relative}, expected 0 to ${GREATEST_RIDGE}.`);
  }
  if (weights) checkLength('choleskyWithRidge: weights', weights.length, n);
  const unit = options.reference ?? meanDiagonal(a, n);
  const reference = unit > 0 ? unit : 1;
  const factor = new Float64Array(n * n);
  let pivot = 0;
  for (let step = relative; step <= GREATEST_RIDGE; step = step === 0 ? SMALLEST_RIDGE : step * 10) {
    const ridge = step * reference;
    factor.set(a);
    for (let i = 0; i < n; i++) factor[i * n + i] += weights ? ridge * weights[i] : ridge;
    pivot = factorInPlace(factor, n);
    if (pivot < 0) {
      for (let i = 0; i < n; i++) factor.fill(0, i * n + i + 1, (i + 1) * n);
      return { ok: true, factor, ridge };
    }
    // No ridge mends NaN.
    if (Number.isNaN(factor[pivot * n + pivot])) break;
  }
  return { ok: false, pivot };
}

/** Mean of the absolute diagonal of a row-major `n × n` matrix; 0 for n = 0. */
export function meanDiagonal(a: Float64Array, n: number): number {
  let sum = 0;
  for (let i = 0; i < n; i++) sum += Math.abs(a[i * n + i]);
  return n === 0 ? 0 : sum / n;
}

/**
 * Solves `L Lᵀ x = b` for many right-hand sides.
 *
 * @param factor L, row-major `n × n`, as `cholesky` returns it
 * @param rhs row-major `count × n`: each right-hand side is a contiguous row; left as it is
 * @returns the solutions, laid out as `rhs`; O(n² · count) multiply-adds
 * @throws ShapeMismatchError when a length does not fit
 */
export function solveFactored(factor: Float64Array, n: number, rhs: Float64Array, count: number): Float64Array {
  const x = solveLower(factor, n, rhs, count);
  let r = 0;
  for (; r + 4 <= count; r += 4) backwardFour(factor, n, x, r * n);
  for (; r < count; r++) backwardOne(factor, n, x, r * n);
  return x;
}

/**
 * Solves `L y = b` (forward substitution) for many right-hand sides. The partial sums
 * `Σ_{j ≤ k} y_j²` are what curves over nested subsets are read from.
 *
 * Layout and errors as `solveFactored`; O(n²/2 · count) multiply-adds.
 */
export function solveLower(factor: Float64Array, n: number, rhs: Float64Array, count: number): Float64Array {
  checkSquare('solveLower', factor, n);
  checkInteger('solveLower: count', count, 0, 0x7fffffff);
  checkLength('solveLower: rhs', rhs.length, count * n);
  const y = rhs.slice();
  let r = 0;
  for (; r + 4 <= count; r += 4) forwardFour(factor, n, y, r * n);
  for (; r < count; r++) forwardOne(factor, n, y, r * n);
  return y;
}

// Four right-hand sides share each pass over the factor, which is what costs time when it is large.

function forwardFour(factor: Float64Array, n: number, y: Float64Array, y0: number): void {
  const y1 = y0 + n;
  const y2 = y1 + n;
  const y3 = y2 + n;
  for (let j = 0; j < n; j++) {
    const row = j * n;
    let s0 = y[y0 + j];
    let s1 = y[y1 + j];
    let s2 = y[y2 + j];
    let s3 = y[y3 + j];
    for (let q = 0; q < j; q++) {
      const value = factor[row + q];
      s0 -= value * y[y0 + q];
      s1 -= value * y[y1 + q];
      s2 -= value * y[y2 + q];
      s3 -= value * y[y3 + q];
    }
    const pivot = factor[row + j];
    y[y0 + j] = s0 / pivot;
    y[y1 + j] = s1 / pivot;
    y[y2 + j] = s2 / pivot;
    y[y3 + j] = s3 / pivot;
  }
}

function forwardOne(factor: Float64Array, n: number, y: Float64Array, start: number): void {
  for (let j = 0; j < n; j++) {
    const row = j * n;
    let sum = y[start + j];
    for (let q = 0; q < j; q++) sum -= factor[row + q] * y[start + q];
    y[start + j] = sum / factor[row + j];
  }
}

// Lᵀ x = y from the last element up, subtracting rows of L so that its columns are never walked.

function backwardFour(factor: Float64Array, n: number, x: Float64Array, x0: number): void {
  const x1 = x0 + n;
  const x2 = x1 + n;
  const x3 = x2 + n;
  for (let j = n - 1; j >= 0; j--) {
    const row = j * n;
    const pivot = factor[row + j];
    const v0 = (x[x0 + j] /= pivot);
    const v1 = (x[x1 + j] /= pivot);
    const v2 = (x[x2 + j] /= pivot);
    const v3 = (x[x3 + j] /= pivot);
    for (let q = 0; q < j; q++) {
      const value = factor[row + q];
      x[x0 + q] -= value * v0;
      x[x1 + q] -= value * v1;
      x[x2 + q] -= value * v2;
      x[x3 + q] -= value * v3;
    }
  }
}

function backwardOne(factor: Float64Array, n: number, x: Float64Array, start: number): void {
  for (let j = n - 1; j >= 0; j--) {
    const row = j * n;
    const value = (x[start + j] /= factor[row + j]);
    for (let q = 0; q < j; q++) x[start + q] -= factor[row + q] * value;
  }
}

function checkSquare(caller: string, a: Float64Array, n: number): void {
  checkInteger(`${caller}: n`, n, 0, 46340);
  checkLength(`${caller}: the matrix`, a.length, n * n);
}
