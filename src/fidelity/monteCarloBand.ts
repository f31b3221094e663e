import { checkIndices, checkInteger, checkLength } from './argumentErrors.ts';
import { type LayerRidge, layerRidge, type OutputSampleOptions, scaleIsLeastSquares } from './compensationMethod.ts';
import { everyIndex } from './componentBlocks.ts';
import { crossEnergyOf, pairEnergyKernel, weightNorms } from './contributions.ts';
import { curveOf } from './fidelityCurve.ts';
import { nestedKernel, type NestedKernel } from './kernels/nestedKernel.ts';
import { checkStatistics, type LayerStatistics } from './layerStatistics.ts';
import { eachNestedResidual, scaledResidual } from './nestedResiduals.ts';
import { permutation, type Random } from './random.ts';

/** Fidelity of random k-subsets; index k − 1 of each array, all of length n, all in [0, 1]. */
export interface MonteCarloBand {
  readonly median: Float64Array;
  /** The 5 % and the 95 % quantile (linear between order statistics, as NumPy's default). */
  readonly low: Float64Array;
  readonly high: Float64Array;
  /** The greatest that was met. */
  readonly best: Float64Array;
}

/**
 * How the fidelity of a random k-subset is distributed, for every k, under `'scale'`.
 *
 * Every prefix of a random permutation is a uniformly random subset, and one factorisation gives
 * the fidelity of all prefixes: this is the Monte Carlo experiment of the paper's k-against-η
 * figures (arXiv 2511.19566, Figures 4–7) without drawing each k anew. Subsets of one permutation
 * are nested, so neighbouring k are not independent draws; each k by itself is.
 *
 * @param permutations how many; the quantiles need 20 or more to differ from the extremes
 * @param random where the permutations come from
 * @param options `outputs`: evaluate only these outputs (see `sampleIndices`); compare such a
 * band with curves on the same outputs
 * @returns O(outputs (np)²/2 + permutations · outputs · n³/6); for p = 1
 * O(permutations (n³/6 + outputs n²/2))
 * @throws ShapeMismatchError, ArgumentRangeError, ComponentIndexError
 */
export function monteCarloBand(
  statistics: LayerStatistics,
  permutations: number,
  random: Random,
  options: OutputSampleOptions = {},
): MonteCarloBand {
  checkInteger('monteCarloBand: permutations', permutations, 1, 0xffffff);
  const orders = Array.from({ length: permutations }, () => permutation(statistics.n, random));
  return bandOf(nestedCurves(statistics, orders, options));
}

/**
 * For each order (a permutation of all n components) the fidelity of its first k under `'scale'`,
 * index k − 1. What `monteCarloBand` takes its quantiles of; average over layers before `bandOf`
 * for components that several layers read.
 *
 * The factorisations run in a SIMD kernel where there is WebAssembly SIMD, else in JavaScript.
 *
 * @throws ShapeMismatchError, ComponentIndexError
 */
export function nestedCurves(
  statistics: LayerStatistics,
  orders: readonly ArrayLike<number>[],
  options: NestedOptions = {},
): Float64Array[] {
  checkStatistics('nestedCurves', statistics);
  if (options.outputs) checkIndices('nestedCurves: outputs', options.outputs, statistics.m);
  const { n, energy } = statistics;
  for (const order of orders) {
    checkLength('nestedCurves: an order', order.length, n);
    checkIndices('nestedCurves: orders', order, n);
  }
  const outputs = options.outputs ? Array.from(options.outputs) : everyIndex(statistics.m);
  const ridge = layerRidge(statistics, options);
  const gains = orders.map(() => new Float64Array(n));
  const shared = outputs.filter((c) => scaleIsLeastSquares(statistics, c));
  const single = outputs.filter((c) => !scaleIsLeastSquares(statistics, c));
  const { kernel = nestedKernel } = options;
  if (shared.length > 0) addSharedGains(statistics, shared, orders, ridge, gains, kernel(n, shared.length, 1));
  if (single.length > 0) addSingleGains(statistics, single, orders, ridge, gains, kernel(n, 1, orders.length));

  let total = 0;
  for (const c of outputs) total += energy[c];
  return gains.map((gain) => {
    let error = total;
    return curveOf(gain.map((value) => (error -= value)), total, true);
  });
}

/** As `OutputSampleOptions`; a test may take the kernel away. */
export interface NestedOptions extends OutputSampleOptions {
  readonly kernel?: typeof nestedKernel | (() => undefined);
}

/** Outputs whose weights cancel: one factorisation of G serves them all. */
function addSharedGains(
  statistics: LayerStatistics,
  outputs: readonly number[],
  orders: readonly ArrayLike<number>[],
  ridge: LayerRidge,
  gains: readonly Float64Array[],
  kernel: NestedKernel | undefined,
): void {
  const { n, gram, cross, weights } = statistics;
  const lambda = ridge.relative * ridge.reference;
  orders.forEach((order, at) => {
    if (!kernel || !factorShared(kernel, order)) {
      eachNestedResidual(statistics, order, 'scale', ridge, outputs, (c, residual) => addGains(gains[at], statistics.energy[c], residual));
      return;
    }
    const { matrix, stride } = kernel;
    outputs.forEach((c, r) => {
      for (let k = 0; k < n; k++) {
        const y = matrix[(n + r) * stride + k];
        gains[at][k] += y * y - lambda * weights[c * n + order[k]] ** 2;
      }
    });
  });

  function factorShared(kernel: NestedKernel, order: ArrayLike<number>): boolean {
    const { matrix, stride } = kernel;
    for (let a = 0; a < n; a++) {
      const row = order[a] * n;
      for (let b = 0; b <= a; b++) matrix[a * stride + b] = gram[row + order[b]];
      matrix[a * stride + a] += lambda;
    }
    outputs.forEach((c, r) => {
      for (let a = 0; a < n; a++) matrix[(n + r) * stride + a] = cross[c * n + order[a]] + lambda * weights[c * n + order[a]];
    });
    return kernel.factor(outputs.length) < 0;
  }
}

/** Outputs by themselves. Outputs outside, permutations inside: Q^c costs more than to permute it. */
function addSingleGains(
  statistics: LayerStatistics,
  outputs: readonly number[],
  orders: readonly ArrayLike<number>[],
  ridge: LayerRidge,
  gains: readonly Float64Array[],
  kernel: NestedKernel | undefined,
): void {
  const { n, energy } = statistics;
  const lambda = ridge.relative * ridge.reference;
  kernel?.setOrders(orders);
  for (const c of outputs) {
    const pairs = pairEnergyKernel(statistics, c);
    const cross = crossEnergyOf(statistics, c);
    const norms = weightNorms(statistics, c);
    const addPlainly = (at: number): void => {
      const order = orders[at];
      const [b, squares] = [permuted(cross, order), permuted(norms, order)];
      addGains(gains[at], energy[c], scaledResidual(permutedPairs(pairs, order), b, squares, energy[c], ridge));
    };
    if (kernel) {
      const ridged = pairs.slice();
      // As in `factorScaling`: a component whose weights are all 0 is left out by a 1.
      for (let i = 0; i < n; i++) ridged[i * n + i] = norms[i] === 0 ? 1 : pairs[i * n + i] + lambda * norms[i];
      const charge = norms.map((norm) => lambda * norm);
      kernel.addNested({ pairs: ridged, cross: cross.map((value, i) => value + charge[i]), charge }, addPlainly);
    } else orders.forEach((_, at) => addPlainly(at));
  }
  if (kernel) gains.forEach((gain, at) => gain.forEach((value, k) => (gain[k] = value + kernel.gains[at * n + k])));
}

/** Adds by how much each component lowers the error of those before it. */
function addGains(gains: Float64Array, energy: number, residual: Float64Array): void {
  let before = energy;
  for (let k = 0; k < gains.length; k++) {
    gains[k] += before - residual[k];
    before = residual[k];
  }
}

function permuted(values: Float64Array, order: ArrayLike<number>): Float64Array {
  return Float64Array.from(order, (i) => values[i]);
}

function permutedPairs(pairs: Float64Array, order: ArrayLike<number>): Float64Array {
  const n = order.length;
  const result = new Float64Array(n * n);
  for (let a = 0; a < n; a++) {
    const row = order[a] * n;
    for (let b = 0; b < n; b++) result[a * n + b] = pairs[row + order[b]];
  }
  return result;
}

/** Median, 5 % and 95 % quantile and maximum of curves of equal length, point by point. */
export function bandOf(curves: readonly Float64Array[]): MonteCarloBand {
  const n = curves[0]?.length ?? 0;
  const band = { median: new Float64Array(n), low: new Float64Array(n), high: new Float64Array(n), best: new Float64Array(n) };
  const column = new Float64Array(curves.length);
  for (let k = 0; k < n; k++) {
    for (let r = 0; r < curves.length; r++) column[r] = curves[r][k];
    column.sort();
    band.median[k] = quantile(column, 0.5);
    band.low[k] = quantile(column, 0.05);
    band.high[k] = quantile(column, 0.95);
    band.best[k] = column[column.length - 1];
  }
  return band;
}

function quantile(ascending: Float64Array, fraction: number): number {
  const at = fraction * (ascending.length - 1);
  const below = Math.floor(at);
  const above = Math.min(below + 1, ascending.length - 1);
  return ascending[below] + (at - below) * (ascending[above] - ascending[below]);
}
