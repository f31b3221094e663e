import { dot } from './denseProduct.ts';

/**
 * Columns factored together. Their panel is copied to a contiguous buffer, so a row's part of it
 * is 512 bytes: eight rows in flight fit the L1 cache, whatever n is.
 */
const BLOCK = 64;

/**
 * Overwrites the lower triangle of the symmetric `a` by L with `A = L Lᵀ`; the upper triangle is
 * scratch afterwards. The kernel under `cholesky`: it trusts its sizes.
 *
 * Right-looking and blocked: factor a diagonal block, solve the panel under it, subtract the
 * panel's products from what is left. n³/6 multiply-adds, nearly all of them in the last step.
 *
 * A pivot that has lost all its digits (at most `n · 2⁻⁵²` of its own diagonal element) counts as
 * not positive: what follows it would be rounding error.
 *
 * @param a row-major `n × n`; only the lower triangle is read
 * @returns −1 when it factored, else the index of the pivot that failed whose value is then on
 * the diagonal (the rest of `a` is undefined)
 */
export function factorInPlace(a: Float64Array, n: number): number {
  const least = new Float64Array(n);
  for (let j = 0; j < n; j++) least[j] = n * Number.EPSILON * a[j * n + j];
  const panel = new Float64Array(Math.max(0, n - BLOCK) * BLOCK);
  for (let start = 0; start < n; start += BLOCK) {
    const end = Math.min(n, start + BLOCK);
    const failed = factorDiagonalBlock(a, n, start, end, least);
    if (failed >= 0 || end === n) return failed;
    solvePanel(a, n, start, end);
    for (let i = end; i < n; i++) panel.set(a.subarray(i * n + start, i * n + end), (i - end) * BLOCK);
    subtractPanelProducts(a, n, end, panel);
  }
  return -1;
}

function factorDiagonalBlock(a: Float64Array, n: number, start: number, end: number, least: Float64Array): number {
  for (let j = start; j < end; j++) {
    const row = j * n;
    for (let i = start; i < j; i++) {
      const known = dot(a, row + start, a, i * n + start, i - start);
      a[row + i] = (a[row + i] - known) / a[i * n + i];
    }
    const pivot = a[row + j] - dot(a, row + start, a, row + start, j - start);
    // Written so that NaN fails too; the failing value is left for the caller to see.
    if (!(pivot > 0 && pivot > least[j])) {
      a[row + j] = pivot;
      return j;
    }
    a[row + j] = Math.sqrt(pivot);
  }
  return -1;
}

/** Rows `end … n` of the block's columns: `L_ij = (A_ij − Σ_q L_iq L_jq) / L_jj`. */
function solvePanel(a: Float64Array, n: number, start: number, end: number): void {
  let i = end;
  for (; i + 4 <= n; i += 4) {
    const r0 = i * n;
    const r1 = r0 + n;
    const r2 = r1 + n;
    const r3 = r2 + n;
    for (let j = start; j < end; j++) {
      const row = j * n;
      let s0 = a[r0 + j];
      let s1 = a[r1 + j];
      let s2 = a[r2 + j];
      let s3 = a[r3 + j];
      for (let q = start; q < j; q++) {
        const value = a[row + q];
        s0 -= a[r0 + q] * value;
        s1 -= a[r1 + q] * value;
        s2 -= a[r2 + q] * value;
        s3 -= a[r3 + q] * value;
      }
      const pivot = a[row + j];
      a[r0 + j] = s0 / pivot;
      a[r1 + j] = s1 / pivot;
      a[r2 + j] = s2 / pivot;
      a[r3 + j] = s3 / pivot;
    }
  }
  for (; i < n; i++) {
    for (let j = start; j < end; j++) {
      const known = dot(a, i * n + start, a, j * n + start, j - start);
      a[i * n + j] = (a[i * n + j] - known) / a[j * n + j];
    }
  }
}

/**
 * `A_ij −= Σ_q P_iq P_jq` for the rows and columns from `end` on, j ≤ i, in tiles of 2 × 4:
 * eight sums stay in registers. A tile on the diagonal also writes above it, where nothing reads.
 */
function subtractPanelProducts(a: Float64Array, n: number, end: number, panel: Float64Array): void {
  const rows = n - end;
  let i = 0;
  for (; i + 2 <= rows; i += 2) {
    const target0 = (end + i) * n + end;
    const target1 = target0 + n;
    const p0 = i * BLOCK;
    const p1 = p0 + BLOCK;
    let j = 0;
    for (; j + 4 <= rows && j <= i + 1; j += 4) {
      const q0 = j * BLOCK;
      const q1 = q0 + BLOCK;
      const q2 = q1 + BLOCK;
      const q3 = q2 + BLOCK;
      let s00 = 0;
      let s01 = 0;
      let s02 = 0;
      let s03 = 0;
      let s10 = 0;
      let s11 = 0;
      let s12 = 0;
      let s13 = 0;
      for (let q = 0; q < BLOCK; q++) {
        const x0 = panel[p0 + q];
        const x1 = panel[p1 + q];
        const y0 = panel[q0 + q];
        const y1 = panel[q1 + q];
        const y2 = panel[q2 + q];
        const y3 = panel[q3 + q];
        s00 += x0 * y0;
        s01 += x0 * y1;
        s02 += x0 * y2;
        s03 += x0 * y3;
        s10 += x1 * y0;
        s11 += x1 * y1;
        s12 += x1 * y2;
        s13 += x1 * y3;
      }
      a[target0 + j] -= s00;
      a[target0 + j + 1] -= s01;
      a[target0 + j + 2] -= s02;
      a[target0 + j + 3] -= s03;
      a[target1 + j] -= s10;
      a[target1 + j + 1] -= s11;
      a[target1 + j + 2] -= s12;
      a[target1 + j + 3] -= s13;
    }
    for (; j <= i + 1; j++) {
      const q0 = j * BLOCK;
      a[target0 + j] -= dot(panel, p0, panel, q0, BLOCK);
      a[target1 + j] -= dot(panel, p1, panel, q0, BLOCK);
    }
  }
  if (i < rows) {
    const target = (end + i) * n + end;
    for (let j = 0; j <= i; j++) a[target + j] -= dot(panel, i * BLOCK, panel, j * BLOCK, BLOCK);
  }
}
