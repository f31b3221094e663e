/** Eigenvalues from the greatest on, with their vectors. */
export interface SymmetricEigen {
  readonly values: Float64Array;
  /** Row-major `n × n`: row k is the unit eigenvector of `values[k]`. The rows are orthonormal. */
  readonly vectors: Float64Array;
}

/** NaN or infinities in the matrix, or an eigenvalue that no shift brings to rest. */
export class EigenvaluesError extends Error {
  override readonly name = 'EigenvaluesError';
}

/** Steps for one eigenvalue; two or three are usual. */
const MOST_STEPS = 60;

/**
 * All eigenvalues and eigenvectors of a symmetric matrix: Householder's reduction to tridiagonal form, then QL steps with
 * Wilkinson's shift (Golub and Van Loan, Matrix Computations, section 8.3; Parlett, The Symmetric Eigenvalue Problem, chapter 8).
 *
 * @param matrix row-major `n × n`; only the lower triangle is read, and it is left as it is
 * @returns O(n³): about 4/3 n³ multiply-adds for the reduction and 3 n³ for the vectors
 * @throws EigenvaluesError
 */
export function symmetricEigen(matrix: Float64Array, n: number): SymmetricEigen {
  const strange = matrix.findIndex((value) => !Number.isFinite(value));
  if (strange >= 0) throw new EigenvaluesError(`The matrix holds ${matrix[strange]} in row ${Math.floor(strange / n)}, column ${strange % n}; it must be finite.`);
  const basis = lowerMirrored(matrix, n);
  const diagonal = new Float64Array(n);
  const below = new Float64Array(n);
  tridiagonalise(basis, n, diagonal, below);
  diagonalise(basis, n, diagonal, below);
  const order = Array.from(diagonal.keys()).sort((a, b) => diagonal[b] - diagonal[a]);
  const vectors = new Float64Array(n * n);
  order.forEach((from, to) => vectors.set(basis.subarray(from * n, (from + 1) * n), to * n));
  return { values: Float64Array.from(order, (k) => diagonal[k]), vectors };
}

function lowerMirrored(matrix: Float64Array, n: number): Float64Array {
  const whole = matrix.slice();
  for (let i = 0; i < n; i++) for (let j = 0; j < i; j++) whole[j * n + i] = whole[i * n + j];
  return whole;
}

/**
 * `A = Qᵀ T Q` with the rows of Q left in `a`, T's diagonal in `d` and what is below it in `e[1 … n − 1]`. Reflectors
 * `I − v vᵀ / h` take the rows from the last up; each v stays in its row until Q is gathered from them.
 */
function tridiagonalise(a: Float64Array, n: number, d: Float64Array, e: Float64Array): void {
  const sizes = new Float64Array(n);
  const w = new Float64Array(n);
  for (let i = n - 1; i > 0; i--) {
    const row = i * n;
    let square = 0;
    for (let k = 0; k < i; k++) square += a[row + k] * a[row + k];
    const beyond = square - a[row + i - 1] * a[row + i - 1];
    if (!(beyond > 0)) {
      e[i] = a[row + i - 1];
      continue;
    }
    // v = row + sign · ‖row‖ · last unit vector: no digits are lost
    const last = a[row + i - 1];
    e[i] = last >= 0 ? -Math.sqrt(square) : Math.sqrt(square);
    a[row + i - 1] = last - e[i];
    const h = square - last * e[i];
    sizes[i] = h;
    // w = A v / h, then A −= v wᵀ + w vᵀ with w less its part along v; the lower triangle alone
    w.fill(0, 0, i);
    for (let j = 0; j < i; j++) {
      const v = a[row + j];
      let sum = a[j * n + j] * v;
      for (let k = 0; k < j; k++) {
        const value = a[j * n + k];
        sum += value * a[row + k];
        w[k] += value * v;
      }
      w[j] += sum;
    }
    let along = 0;
    for (let j = 0; j < i; j++) {
      w[j] /= h;
      along += w[j] * a[row + j];
    }
    for (let j = 0; j < i; j++) w[j] -= (along / (2 * h)) * a[row + j];
    for (let j = 0; j < i; j++) {
      const [v, own] = [a[row + j], w[j]];
      for (let k = 0; k <= j; k++) a[j * n + k] -= v * w[k] + own * a[row + k];
    }
  }
  for (let i = 0; i < n; i++) d[i] = a[i * n + i];
  gather(a, n, sizes);
}

/** Q = the product of the reflectors, rows as `diagonalise` turns them: row k belongs to the k-th column of T. */
function gather(a: Float64Array, n: number, sizes: Float64Array): void {
  const q = new Float64Array(n * n);
  for (let i = 0; i < n; i++) q[i * n + i] = 1;
  const sums = new Float64Array(n);
  // each reflector touches only what lies before its row, where the earlier ones have left more than the identity
  for (let i = 1; i < n; i++) {
    if (sizes[i] === 0) continue;
    const v = a.subarray(i * n, i * n + i);
    for (let r = 0; r < i; r++) {
      let sum = 0;
      for (let k = 0; k < i; k++) sum += q[r * n + k] * v[k];
      sums[r] = sum / sizes[i];
    }
    for (let r = 0; r < i; r++) for (let k = 0; k < i; k++) q[r * n + k] -= sums[r] * v[k];
  }
  a.set(q);
}

/** QL steps on T; every turn of two neighbouring columns also turns the rows of the basis. */
function diagonalise(basis: Float64Array, n: number, d: Float64Array, e: Float64Array): void {
  e.copyWithin(0, 1);
  if (n > 0) e[n - 1] = 0;
  for (let l = 0; l < n; l++) {
    for (let step = 0; ; step++) {
      let m = l;
      while (m < n - 1 && Math.abs(e[m]) > Number.EPSILON * (Math.abs(d[m]) + Math.abs(d[m + 1]))) m++;
      if (m === l) break;
      if (step === MOST_STEPS) throw new EigenvaluesError(`Eigenvalue ${l} of ${n} did not come to rest in ${step} steps.`);
      let g = (d[l + 1] - d[l]) / (2 * e[l]);
      const r = Math.hypot(g, 1);
      g = d[m] - d[l] + e[l] / (g + (g >= 0 ? r : -r));
      let [sine, cosine, p] = [1, 1, 0];
      let i = m - 1;
      for (; i >= l; i--) {
        const f = sine * e[i];
        const b = cosine * e[i];
        const size = Math.hypot(f, g);
        e[i + 1] = size;
        if (size === 0) {
          d[i + 1] -= p;
          e[m] = 0;
          break;
        }
        sine = f / size;
        cosine = g / size;
        const rest = d[i + 1] - p;
        const turn = (d[i] - rest) * sine + 2 * cosine * b;
        p = sine * turn;
        d[i + 1] = rest + p;
        g = cosine * turn - b;
        const [upper, lower] = [(i + 1) * n, i * n];
        for (let k = 0; k < n; k++) {
          const value = basis[upper + k];
          basis[upper + k] = sine * basis[lower + k] + cosine * value;
          basis[lower + k] = cosine * basis[lower + k] - sine * value;
        }
      }
      if (i >= l) continue;
      d[l] -= p;
      e[l] = g;
      e[m] = 0;
    }
  }
}
