// AssemblyScript, compiled by src/engine/kernels/build.mjs into nested.generated.ts.
//
// The inner loops of curves over random subsets: Cholesky factorisation with right-hand sides as
// further rows, in float64, two lanes at a time. Sums of 4 rows × 2 columns stay in registers.
//
// Matrices are row-major with `stride` values a row, stride > n and even. Whole tiles are computed:
// up to four rows after the last, and one column after the n-th, are scratch.

const EPSILON: f64 = 2.220446049250313e-16;

/** Columns factored together, and rows of the panel that stay in the first-level cache. */
const BLOCK: u32 = 64;
const CHUNK: u32 = 32;

/**
 * Overwrites the leading n × n of `a` by L with `A = L Lᵀ` (lower triangle; what is above it is
 * scratch), and each of the `rows − n` rows after it, b, by `L⁻¹ b`.
 *
 * `least`: room for n values. A pivot that has lost all its digits (at most n ε of its own diagonal
 * element) counts as not positive. Returns −1, or the index of the pivot that failed.
 */
export function factor(a: usize, n: u32, rows: u32, stride: u32, least: usize): i32 {
  const pitch = <usize>stride << 3;
  for (let j: u32 = 0; j < n; j++) {
    store<f64>(least + (<usize>j << 3), <f64>n * EPSILON * load<f64>(a + <usize>j * pitch + (<usize>j << 3)));
  }
  for (let start: u32 = 0; start < n; start += BLOCK) {
    const end = min(n, start + BLOCK);
    const failed = factorPanel(a, pitch, start, end, rows, least);
    if (failed >= 0) return failed;
    if (end < n) subtractPanel(a, pitch, start, end, n, rows);
  }
  return -1;
}

/** Columns start … end of L, two at a time, from the columns of the panel that are done. */
function factorPanel(a: usize, pitch: usize, start: u32, end: u32, rows: u32, least: usize): i32 {
  for (let i = start; i < end; i += 2) {
    const row = a + <usize>i * pitch;
    const at = <usize>i << 3;
    const from = <usize>start << 3;
    let sum: f64 = 0;
    for (let q = from; q < at; q += 8) sum += load<f64>(row + q) * load<f64>(row + q);
    const pivot = load<f64>(row + at) - sum;
    // written so that NaN fails too
    if (!(pivot > 0 && pivot > load<f64>(least + at))) return i;
    const root = Math.sqrt(pivot);
    store<f64>(row + at, root);
    const inverse = 1 / root;
    if (i + 1 == end) {
      for (let j = i + 1; j < rows; j++) {
        const other = a + <usize>j * pitch;
        let product: f64 = 0;
        for (let q = from; q < at; q += 8) product += load<f64>(other + q) * load<f64>(row + q);
        store<f64>(other + at, (load<f64>(other + at) - product) * inverse);
      }
      return -1;
    }
    const next = row + pitch;
    let across: f64 = 0;
    let own: f64 = 0;
    for (let q = from; q < at; q += 8) {
      across += load<f64>(next + q) * load<f64>(row + q);
      own += load<f64>(next + q) * load<f64>(next + q);
    }
    const below = (load<f64>(next + at) - across) * inverse;
    store<f64>(next + at, below);
    const second = load<f64>(next + at, 8) - own - below * below;
    if (!(second > 0 && second > load<f64>(least + at, 8))) return i + 1;
    const secondRoot = Math.sqrt(second);
    store<f64>(next + at, secondRoot, 8);
    const secondInverse = 1 / secondRoot;
    for (let j = i + 2; j < rows; j += 4) {
      const r0 = a + <usize>j * pitch;
      const r1 = r0 + pitch;
      const r2 = r1 + pitch;
      const r3 = r2 + pitch;
      let s0 = f64x2.splat(0), s1 = s0, s2 = s0, s3 = s0, t0 = s0, t1 = s0, t2 = s0, t3 = s0;
      for (let q = from; q < at; q += 16) {
        const x = v128.load(row + q);
        const y = v128.load(next + q);
        let v = v128.load(r0 + q);
        s0 = f64x2.add(s0, f64x2.mul(v, x));
        t0 = f64x2.add(t0, f64x2.mul(v, y));
        v = v128.load(r1 + q);
        s1 = f64x2.add(s1, f64x2.mul(v, x));
        t1 = f64x2.add(t1, f64x2.mul(v, y));
        v = v128.load(r2 + q);
        s2 = f64x2.add(s2, f64x2.mul(v, x));
        t2 = f64x2.add(t2, f64x2.mul(v, y));
        v = v128.load(r3 + q);
        s3 = f64x2.add(s3, f64x2.mul(v, x));
        t3 = f64x2.add(t3, f64x2.mul(v, y));
      }
      solvePair(r0 + at, s0, t0, inverse, below, secondInverse);
      solvePair(r1 + at, s1, t1, inverse, below, secondInverse);
      solvePair(r2 + at, s2, t2, inverse, below, secondInverse);
      solvePair(r3 + at, s3, t3, inverse, below, secondInverse);
    }
  }
  return -1;
}

/** Both values of one row: less what is known, divided by the 2 × 2 triangle of the pair. */
// @ts-ignore: AssemblyScript allows decorators on functions, TypeScript does not
@inline
function solvePair(at: usize, s: v128, t: v128, inverse: f64, below: f64, secondInverse: f64): void {
  const known = pairOfSums(s, t);
  const first = (load<f64>(at) - f64x2.extract_lane(known, 0)) * inverse;
  store<f64>(at, first);
  store<f64>(at, (load<f64>(at, 8) - f64x2.extract_lane(known, 1) - first * below) * secondInverse, 8);
}

/** The sum of both lanes of s, and of t. */
// @ts-ignore: AssemblyScript allows decorators on functions, TypeScript does not
@inline
function pairOfSums(s: v128, t: v128): v128 {
  return f64x2.add(v128.shuffle<f64>(s, t, 0, 2), v128.shuffle<f64>(s, t, 1, 3));
}

/** Subtracts the products of the panel's rows from all rows and columns after it. */
function subtractPanel(a: usize, pitch: usize, start: u32, end: u32, n: u32, rows: u32): void {
  const from = <usize>start << 3;
  const to = <usize>end << 3;
  for (let chunk = end; chunk < n; chunk += CHUNK) {
    const last = min(n, chunk + CHUNK);
    for (let i = chunk; i < rows; i += 4) {
      const r0 = a + <usize>i * pitch;
      const r1 = r0 + pitch;
      const r2 = r1 + pitch;
      const r3 = r2 + pitch;
      const stop = min(last, i + 4);
      for (let j = chunk; j < stop; j += 2) {
        const c0 = a + <usize>j * pitch;
        const c1 = c0 + pitch;
        let s0 = f64x2.splat(0), s1 = s0, s2 = s0, s3 = s0, t0 = s0, t1 = s0, t2 = s0, t3 = s0;
        for (let q = from; q < to; q += 16) {
          const x = v128.load(c0 + q);
          const y = v128.load(c1 + q);
          let v = v128.load(r0 + q);
          s0 = f64x2.add(s0, f64x2.mul(v, x));
          t0 = f64x2.add(t0, f64x2.mul(v, y));
          v = v128.load(r1 + q);
          s1 = f64x2.add(s1, f64x2.mul(v, x));
          t1 = f64x2.add(t1, f64x2.mul(v, y));
          v = v128.load(r2 + q);
          s2 = f64x2.add(s2, f64x2.mul(v, x));
          t2 = f64x2.add(t2, f64x2.mul(v, y));
          v = v128.load(r3 + q);
          s3 = f64x2.add(s3, f64x2.mul(v, x));
          t3 = f64x2.add(t3, f64x2.mul(v, y));
        }
        const at = <usize>j << 3;
        v128.store(r0 + at, f64x2.sub(v128.load(r0 + at), pairOfSums(s0, t0)));
        v128.store(r1 + at, f64x2.sub(v128.load(r1 + at), pairOfSums(s1, t1)));
        v128.store(r2 + at, f64x2.sub(v128.load(r2 + at), pairOfSums(s2, t2)));
        v128.store(r3 + at, f64x2.sub(v128.load(r3 + at), pairOfSums(s3, t3)));
      }
    }
  }
}

/**
 * What each component adds in each of `count` orders, from order `first` on: adds
 * `y_k² − charge` to `gains[r · n + k]`, y solving `L y = b` in that order.
 *
 * `pairs`: the ridged normal matrix, n × n; `cross`: its right-hand side; `charge`: one value for
 * each component; `orders`: count × n u32. `scratch`: (n + 5) × stride values. Returns the first
 * order whose matrix does not factor (nothing is added for it), or `count`.
 */
export function nested(
  pairs: usize, cross: usize, charge: usize, n: u32, orders: usize, first: u32, count: u32,
  gains: usize, scratch: usize, stride: u32, least: usize,
): u32 {
  const pitch = <usize>stride << 3;
  for (let r = first; r < count; r++) {
    const order = orders + (<usize>(r * n) << 2);
    for (let i: u32 = 0; i <= n; i++) {
      const to = scratch + <usize>i * pitch;
      const row = i < n ? pairs + (<usize>(load<u32>(order + (<usize>i << 2)) * n) << 3) : cross;
      const end = min(i + 1, n);
      for (let j: u32 = 0; j < end; j++) {
        store<f64>(to + (<usize>j << 3), load<f64>(row + (<usize>load<u32>(order + (<usize>j << 2)) << 3)));
      }
    }
    if (factor(scratch, n, n + 1, stride, least) >= 0) return r;
    const y = scratch + <usize>n * pitch;
    for (let k: u32 = 0; k < n; k++) {
      const value = load<f64>(y + (<usize>k << 3));
      const at = gains + (<usize>(r * n + k) << 3);
      store<f64>(at, load<f64>(at) + value * value - load<f64>(charge + (<usize>load<u32>(order + (<usize>k << 2)) << 3)));
    }
  }
  return count;
}
