import { checkIndices, checkInteger } from './argumentErrors.ts';
import { layerRidge, type OutputSampleOptions, scaleIsLeastSquares } from './compensationMethod.ts';
import { everyIndex } from './componentBlocks.ts';
import { crossEnergyOf, pairEnergyKernel, weightNorms } from './contributions.ts';
import { curveOf } from './fidelityCurve.ts';
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
 * @throws ShapeMismatchError, ComponentIndexError
 */
export function nestedCurves(
  statistics: LayerStatistics,
  orders: readonly ArrayLike<number>[],
  options: OutputSampleOptions = {},
): Float64Array[] {
  checkStatistics('nestedCurves', statistics);
  if (options.outputs) checkIndices('nestedCurves: outputs', options.outputs, statistics.m);
  const { n, energy } = statistics;
  for (const order of orders) checkIndices('nestedCurves: orders', order, n);
  const outputs = options.outputs ? Array.from(options.outputs) : everyIndex(statistics.m);
  const ridge = layerRidge(statistics, options);
  const errors = orders.map(() => new Float64Array(n));

  const shared = outputs.filter((c) => scaleIsLeastSquares(statistics, c));
  if (shared.length > 0) {
    orders.forEach((order, at) => {
      eachNestedResidual(statistics, order, 'scale', ridge, shared, (_, residual) => addTo(errors[at], residual));
    });
  }
  // Outputs outside, permutations inside: Q^c costs more than to permute it.
  for (const c of outputs) {
    if (scaleIsLeastSquares(statistics, c)) continue;
    const pairs = pairEnergyKernel(statistics, c);
    const cross = crossEnergyOf(statistics, c);
    const norms = weightNorms(statistics, c);
    orders.forEach((order, at) => {
      const [b, squares] = [permuted(cross, order), permuted(norms, order)];
      addTo(errors[at], scaledResidual(permutedPairs(pairs, order), b, squares, energy[c], ridge));
    });
  }

  let total = 0;
  for (const c of outputs) total += energy[c];
  return errors.map((error) => curveOf(error, total, true));
}

function addTo(sum: Float64Array, term: Float64Array): void {
  for (let k = 0; k < sum.length; k++) sum[k] += term[k];
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
