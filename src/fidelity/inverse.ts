import { dot } from './denseProduct.ts';

/**
 * `A⁻¹` of a symmetric positive definite matrix from its Cholesky factor. For rules that remove one
 * component after another, which read its diagonal blocks; systems are solved by `solveFactored`.
 *
 * Row i of R, the transpose of `L⁻¹`, solves `L x = e_i` and is 0 before i; then `A⁻¹ = R Rᵀ`.
 *
 * @param factor L of `A = L Lᵀ`, row-major `n × n`, as `cholesky` returns it
 * @returns row-major `n × n`, symmetric; O(n³/3) multiply-adds
 */
export function invertFactored(factor: Float64Array, n: number): Float64Array {
  const rows = new Float64Array(n * n);
  for (let i = 0; i < n; i += 4) solveUnits(factor, n, rows, i, Math.min(4, n - i));
  const inverse = new Float64Array(n * n);
  for (let i = 0; i < n; i += 4) {
    const end = Math.min(i + 4, n);
    // Up to the last full tile left of the diagonal in fours, the rest one by one.
    let j = 0;
    if (end - i === 4) for (; j + 2 <= i; j += 2) fourByTwo(rows, n, i, j, inverse);
    for (; j < end; j++) for (let a = Math.max(i, j); a < end; a++) inverse[a * n + j] = dot(rows, a * n + a, rows, j * n + a, n - a);
  }
  for (let i = 0; i < n; i++) for (let j = 0; j < i; j++) inverse[j * n + i] = inverse[i * n + j];
  return inverse;
}

/** Rows `first … first + count` of R: up to four right-hand sides share each row of the factor. */
function solveUnits(factor: Float64Array, n: number, rows: Float64Array, first: number, count: number): void {
  for (let a = 0; a < count; a++) rows[(first + a) * n + first + a] = 1;
  const r0 = first * n;
  const [r1, r2, r3] = [r0 + n, r0 + 2 * n, r0 + 3 * n];
  for (let q = first; q < n; q++) {
    const row = q * n;
    const pivot = factor[row + q];
    if (count < 4) {
      for (let r = r0; r < r0 + count * n; r += n) rows[r + q] = (rows[r + q] - dot(factor, row + first, rows, r + first, q - first)) / pivot;
      continue;
    }
    let s0 = rows[r0 + q];
    let s1 = rows[r1 + q];
    let s2 = rows[r2 + q];
    let s3 = rows[r3 + q];
    for (let k = first; k < q; k++) {
      const value = factor[row + k];
      s0 -= value * rows[r0 + k];
      s1 -= value * rows[r1 + k];
      s2 -= value * rows[r2 + k];
      s3 -= value * rows[r3 + k];
    }
    rows[r0 + q] = s0 / pivot;
    rows[r1 + q] = s1 / pivot;
    rows[r2 + q] = s2 / pivot;
    rows[r3 + q] = s3 / pivot;
  }
}

/** Rows i … i + 3 and columns j, j + 1 of `R Rᵀ`; all of them right of row i's first element. */
function fourByTwo(rows: Float64Array, n: number, i: number, j: number, product: Float64Array): void {
  const a0 = i * n;
  const [a1, a2, a3] = [a0 + n, a0 + 2 * n, a0 + 3 * n];
  const b0 = j * n;
  const b1 = b0 + n;
  let s00 = 0, s01 = 0, s10 = 0, s11 = 0, s20 = 0, s21 = 0, s30 = 0, s31 = 0;
  for (let q = i; q < n; q++) {
    const left = rows[b0 + q];
    const right = rows[b1 + q];
    s00 += rows[a0 + q] * left;
    s01 += rows[a0 + q] * right;
    s10 += rows[a1 + q] * left;
    s11 += rows[a1 + q] * right;
    s20 += rows[a2 + q] * left;
    s21 += rows[a2 + q] * right;
    s30 += rows[a3 + q] * left;
    s31 += rows[a3 + q] * right;
  }
  product[a0 + j] = s00;
  product[a0 + j + 1] = s01;
  product[a1 + j] = s10;
  product[a1 + j + 1] = s11;
  product[a2 + j] = s20;
  product[a2 + j + 1] = s21;
  product[a3 + j] = s30;
  product[a3 + j + 1] = s31;
}
