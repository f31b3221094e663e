import { checkIndices, checkInteger } from './argumentErrors.ts';
import { restricted } from './componentBlocks.ts';
import { checkStatistics, type LayerStatistics } from './layerStatistics.ts';

/*
 * Energies of the contributions `A_ci`, what input component i adds to output c (ModHiFi,
 * arXiv 2511.19566, section 3): all that fidelity needs, and all of it in G, cross and W.
 */

/**
 * Cross energy `b_ci = E⟨A_ci, Y_c⟩ = w_ciᵀ cross_ci`, with Y_c the target output.
 *
 * @returns row-major `m × n`; O(m np)
 * @throws ShapeMismatchError, ArgumentRangeError for statistics of wrong sizes
 */
export function crossEnergy(statistics: LayerStatistics): Float64Array {
  checkStatistics('crossEnergy', statistics);
  const { n, p, m, cross, weights } = statistics;
  return blockProducts(weights, cross, 0, m * n, p);
}

/**
 * Own energy `d_ci = E‖A_ci‖² = w_ciᵀ G_ii w_ci`.
 *
 * @returns row-major `m × n`, never negative; O(m n p²)
 * @throws ShapeMismatchError, ArgumentRangeError for statistics of wrong sizes
 */
export function ownEnergy(statistics: LayerStatistics): Float64Array {
  checkStatistics('ownEnergy', statistics);
  const { n, p, m, gram, weights } = statistics;
  const size = n * p;
  const d = new Float64Array(m * n);
  for (let i = 0; i < n; i++) {
    for (let c = 0; c < m; c++) {
      const w = c * size + i * p;
      let sum = 0;
      for (let q = 0; q < p; q++) {
        const row = (i * p + q) * size + i * p;
        let inner = 0;
        for (let r = 0; r < p; r++) inner += gram[row + r] * weights[w + r];
        sum += weights[w + q] * inner;
      }
      d[c * n + i] = Math.max(0, sum);
    }
  }
  return d;
}

/**
 * Pair energy of one output, `Q^c_ij = E⟨A_ci, A_cj⟩ = w_ciᵀ G_ij w_cj`.
 *
 * One output at a time: the `m × n × n` of a large layer does not fit memory.
 *
 * @param c the output
 * @param components restrict and reorder: row a is component `components[a]`. Default: all
 * @returns row-major `k × k`, symmetric; O((kp)²/2), after a copy of k components' statistics
 * where `components` is given (in a loop over outputs, restrict once instead)
 * @throws ShapeMismatchError, ArgumentRangeError, ComponentIndexError
 */
export function pairEnergy(
  statistics: LayerStatistics,
  c: number,
  components?: ArrayLike<number>,
): Float64Array {
  checkStatistics('pairEnergy', statistics);
  checkInteger('pairEnergy: c', c, 0, statistics.m - 1);
  if (!components) return pairEnergyKernel(statistics, c);
  checkIndices('pairEnergy: components', components, statistics.n);
  return pairEnergyKernel(restricted(statistics, components), c);
}

/**
 * `pairEnergy` of all components in their own order, without the checks: the kernel of loops over
 * outputs, which reads G row by row. To reorder, reorder the statistics (`restricted`).
 */
export function pairEnergyKernel({ n, p, gram, weights }: LayerStatistics, c: number): Float64Array {
  const size = n * p;
  const own = c * size;
  const pairs = new Float64Array(n * n);
  // w_ciᵀ G_i: one row over all patch elements up to component i's own.
  const combined = new Float64Array(size);
  for (let i = 0; i < n; i++) {
    const end = (i + 1) * p;
    combineRows(gram, i * p * size, size, weights, own + i * p, p, combined, end);
    for (let j = 0; j <= i; j++) {
      let sum = 0;
      for (let q = j * p; q < (j + 1) * p; q++) sum += combined[q] * weights[own + q];
      pairs[i * n + j] = sum;
      pairs[j * n + i] = sum;
    }
  }
  return pairs;
}

/** `combined = Σ_q factors[q] · row q` over the first `end` columns of p rows of `gram`. */
function combineRows(
  gram: Float64Array,
  start: number,
  stride: number,
  factors: Float64Array,
  from: number,
  p: number,
  combined: Float64Array,
  end: number,
): void {
  combined.fill(0, 0, end);
  let q = 0;
  // Three rows at a time (kernels are mostly 3 × 3): a third of the loads and stores of the sum.
  for (; q + 3 <= p; q += 3) {
    const f0 = factors[from + q];
    const f1 = factors[from + q + 1];
    const f2 = factors[from + q + 2];
    const r0 = start + q * stride;
    const r1 = r0 + stride;
    const r2 = r1 + stride;
    for (let r = 0; r < end; r++) combined[r] += f0 * gram[r0 + r] + f1 * gram[r1 + r] + f2 * gram[r2 + r];
  }
  for (; q < p; q++) {
    const factor = factors[from + q];
    const row = start + q * stride;
    for (let r = 0; r < end; r++) combined[r] += factor * gram[row + r];
  }
}

/**
 * `‖w_ci‖²` of the components of one output: by how much a ridge on G raises the diagonal of
 * `Q^c`. Kernel.
 *
 * @returns length n
 */
export function weightNorms({ n, p, weights }: LayerStatistics, c: number): Float64Array {
  return blockProducts(weights, weights, c * n, n, p);
}

/** `b_ci` of the components of one output; length n. Kernel of `crossEnergy`. */
export function crossEnergyOf({ n, p, cross, weights }: LayerStatistics, c: number): Float64Array {
  return blockProducts(weights, cross, c * n, n, p);
}

/** Inner products of `count` blocks of p elements, from block `first` on. */
function blockProducts(a: Float64Array, b: Float64Array, first: number, count: number, p: number): Float64Array {
  const products = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    const start = (first + i) * p;
    for (let q = start; q < start + p; q++) products[i] += a[q] * b[q];
  }
  return products;
}
