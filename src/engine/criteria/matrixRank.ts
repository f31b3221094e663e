/** Spacing of float32 numbers at 1. */
const FLOAT32_EPSILON = 2 ** -23;

/**
 * Number of singular values above `tolerance` times the greatest: by default `max(rows, columns)` times
 * float32's spacing, as numpy and PyTorch's `matrix_rank` take for values of that precision.
 *
 * Householder bidiagonalisation in float64, then singular values are counted, not computed: those of a
 * bidiagonal B are the positive eigenvalues of a tridiagonal matrix with a zero diagonal (Golub and
 * Kahan), and how many lie above a number is what Sturm's sequence tells.
 *
 * @param matrix row-major `rows × columns`; overwritten
 * @returns O(rows · columns · min(rows, columns))
 */
export function matrixRank(matrix: Float64Array, rows: number, columns: number, tolerance = Math.max(rows, columns) * FLOAT32_EPSILON): number {
  const greatest = matrix.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  if (greatest === 0) return 0;
  const tall = rows >= columns ? matrix : transposed(matrix, rows, columns);
  for (let k = 0; k < tall.length; k++) tall[k] /= greatest;
  const beside = bidiagonalised(tall, Math.max(rows, columns), Math.min(rows, columns));
  return countAbove(beside, tolerance * greatestSingular(beside));
}

function transposed(matrix: Float64Array, rows: number, columns: number): Float64Array {
  return matrix.map((_, at) => matrix[(at % rows) * columns + Math.floor(at / rows)]);
}

/** Diagonal and superdiagonal of the bidiagonal form of an `m × n` matrix, m ≥ n: `d_1, e_1, d_2, …, d_n`, up to signs. */
function bidiagonalised(a: Float64Array, m: number, n: number): Float64Array {
  const beside = new Float64Array(2 * n - 1);
  for (let k = 0; k < n; k++) {
    beside[2 * k] = reflect(a, k * n + k, n, m - k, 1, n - k);
    if (k + 1 < n) beside[2 * k + 1] = reflect(a, k * n + k + 1, 1, n - k - 1, n, m - k);
  }
  return beside;
}

/**
 * The Householder reflection that turns a vector of `length` elements, `step` apart from `start` on, into a
 * multiple of the first unit vector, applied to that vector and to those that follow it `across` apart,
 * `count` in all. Returns that multiple's size.
 */
function reflect(a: Float64Array, start: number, step: number, length: number, across: number, count: number): number {
  let square = 0;
  for (let k = 0; k < length; k++) square += a[start + k * step] ** 2;
  const norm = Math.sqrt(square);
  if (norm === 0) return 0;
  const first = a[start];
  const head = first + Math.sign(first || 1) * norm;
  // the vector is left as the reflector, its multiple being known
  a[start] = head;
  const half = norm * (norm + Math.abs(first));
  for (let vector = 1; vector < count; vector++) {
    const at = start + vector * across;
    let dot = 0;
    for (let k = 0; k < length; k++) dot += a[start + k * step] * a[at + k * step];
    const share = dot / half;
    for (let k = 0; k < length; k++) a[at + k * step] -= share * a[start + k * step];
  }
  return norm;
}

/** Eigenvalues above `bound` of the symmetric tridiagonal matrix with zeros on and `beside` next to its diagonal. */
function countAbove(beside: Float64Array, bound: number): number {
  const smallest = 1e-300;
  let above = 0;
  let pivot = -bound;
  for (let k = 0; k <= beside.length; k++) {
    if (k > 0) pivot = -bound - beside[k - 1] ** 2 / (Math.abs(pivot) < smallest ? -smallest : pivot);
    if (pivot > 0) above++;
  }
  return above;
}

/** By bisection, to float64's precision. */
function greatestSingular(beside: Float64Array): number {
  let [low, high] = [0, 0];
  for (let k = 0; k <= beside.length; k++) high = Math.max(high, (beside[k - 1] ?? 0) + (beside[k] ?? 0));
  for (let step = 0; step < 60; step++) {
    const middle = (low + high) / 2;
    if (countAbove(beside, middle) > 0) low = middle;
    else high = middle;
  }
  return high;
}
