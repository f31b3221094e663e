import type { LayerStatistics } from './layerStatistics.ts';

/*
 * Sub-matrices by component: what remains of a matrix over patches when only some components are
 * kept, in a given order. Kernels: they trust their arguments.
 */

/**
 * The rows and columns of `gram` that belong to `components`, in their order.
 *
 * @param gram row-major `np × np`, symmetric
 * @param p weights per component
 * @returns row-major `kp × kp`, k = components.length; O((kp)²)
 */
export function gramBlocks(gram: Float64Array, p: number, components: ArrayLike<number>): Float64Array {
  const stride = Math.sqrt(gram.length);
  const size = components.length * p;
  const block = new Float64Array(size * size);
  for (let a = 0; a < components.length; a++) {
    for (let q = 0; q < p; q++) {
      const from = (components[a] * p + q) * stride;
      const to = (a * p + q) * size;
      for (let b = 0; b < components.length; b++) copyBlock(gram, from + components[b] * p, block, to + b * p, p);
    }
  }
  return block;
}

/**
 * The columns of `matrix` that belong to `components`, in their order, of the rows in `rows`.
 *
 * @param matrix row-major, `stride = n p` columns (weights or cross)
 * @returns row-major `rows.length × kp`
 */
export function columnBlocks(
  matrix: Float64Array,
  stride: number,
  p: number,
  components: ArrayLike<number>,
  rows: ArrayLike<number>,
): Float64Array {
  const size = components.length * p;
  const block = new Float64Array(rows.length * size);
  for (let r = 0; r < rows.length; r++) {
    const from = rows[r] * stride;
    for (let b = 0; b < components.length; b++) {
      copyBlock(matrix, from + components[b] * p, block, r * size + b * p, p);
    }
  }
  return block;
}

/**
 * The statistics of a layer that has only `components`, in their order. Targets are those of the
 * whole layer, so this is the layer that fidelity of a subset is about.
 *
 * @returns a copy (energy is shared); O((kp)² + m kp)
 */
export function restricted(statistics: LayerStatistics, components: ArrayLike<number>): LayerStatistics {
  const { n, p, m, gram, cross, energy, weights, means } = statistics;
  const all = everyIndex(m);
  return {
    n: components.length,
    p,
    m,
    gram: gramBlocks(gram, p, components),
    cross: columnBlocks(cross, n * p, p, components, all),
    energy,
    weights: columnBlocks(weights, n * p, p, components, all),
    ...(means && { means: { ...means, input: columnBlocks(means.input, n * p, p, components, [0]) } }),
  };
}

/** The rows `rows` of a row-major matrix of `stride` columns; row-major `rows.length × stride`. */
export function rowsOf(matrix: Float64Array, stride: number, rows: ArrayLike<number>): Float64Array {
  const block = new Float64Array(rows.length * stride);
  for (let r = 0; r < rows.length; r++) {
    block.set(matrix.subarray(rows[r] * stride, (rows[r] + 1) * stride), r * stride);
  }
  return block;
}

/** 0, 1, …, count − 1: "all of them" where a list of indices is asked for. */
export function everyIndex(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}

function copyBlock(source: Float64Array, from: number, target: Float64Array, to: number, p: number): void {
  // A block is 1 to 49 numbers: a loop is faster than a subarray and `set`.
  for (let q = 0; q < p; q++) target[to + q] = source[from + q];
}
