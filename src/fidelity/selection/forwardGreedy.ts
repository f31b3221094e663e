import { checkIndices, checkInteger } from '../argumentErrors.ts';
import { layerRidge, type OutputSampleOptions, scaleIsLeastSquares } from '../compensationMethod.ts';
import { everyIndex, rowsOf } from '../componentBlocks.ts';
import { crossEnergyOf, pairEnergyKernel, weightNorms } from '../contributions.ts';
import { checkStatistics, type LayerStatistics } from '../layerStatistics.ts';

export interface GreedyOptions extends OutputSampleOptions {
  /** How many components to choose. Default: all n. */
  readonly count?: number;
}

/**
 * Regressions that share their regressors: after t choices, `diagonal` and `targets` are those of
 * the Schur complement `Q − Q_C (Q_CC)⁻¹ Q_Cᵀ`, of which only the chosen columns are ever formed.
 */
interface Regression {
  /** Remaining energy of each component; length n. */
  readonly diagonal: Float64Array;
  /** Below this, a component is a combination of chosen ones; length n. */
  readonly least: Float64Array;
  /** Remaining cross energy, one row of n for each output. */
  readonly targets: Float64Array;
  /** Columns of the Cholesky factor, one row of n for each choice. */
  readonly columns: Float64Array;
  /** Row i of Q, a new array of length n. */
  readonly row: (component: number) => Float64Array;
}

/**
 * Forward greedy selection on layer fidelity under `'scale'` (orthogonal matching pursuit summed
 * over outputs): each step adds the component that raises `FS(C)` most.
 *
 * Choosing i in output c raises the explained energy by `b²/d` of the Schur complement, kept
 * up to date by one column of a Cholesky factor for each choice: `d_j −= l_j²`, `b_j −= y l_j`.
 * λ stays at its starting value; a component that the chosen ones already span adds nothing. Ties
 * go to the lower index. To know the fidelity that is reached, pass the order to `fidelityCurve`.
 *
 * @param options `count`, `outputs` (choose by these outputs only), `ridge`
 * @returns the chosen components, in order of choice. With K = count: O(m (np)²/2 + m n K²/2) and
 * `8 m n (n + K)` bytes, at worst O(m n³); where p = 1 and no weight is 0, O(n K²/2 + m n K)
 * @throws ShapeMismatchError, ArgumentRangeError, ComponentIndexError
 */
export function forwardGreedy(statistics: LayerStatistics, options: GreedyOptions = {}): number[] {
  checkStatistics('forwardGreedy', statistics);
  const { n, m } = statistics;
  const { count = n } = options;
  checkInteger('forwardGreedy: count', count, 0, n);
  if (options.outputs) checkIndices('forwardGreedy: outputs', options.outputs, m);
  const outputs = options.outputs ? Array.from(options.outputs) : everyIndex(m);
  const { relative, reference } = layerRidge(statistics, options);
  const ridge = relative * reference;

  // What the ridge charges for leaving a component's weight where it is, once it is chosen.
  const charge = new Float64Array(n);
  for (const c of outputs) weightNorms(statistics, c).forEach((norm, i) => (charge[i] += ridge * norm));

  const together = outputs.filter((c) => scaleIsLeastSquares(statistics, c));
  const regressions = outputs
    .filter((c) => !scaleIsLeastSquares(statistics, c))
    .map((c) => scaleRegression(statistics, c, ridge, count));
  if (together.length > 0) regressions.push(sharedRegression(statistics, together, ridge, count));

  const chosen: number[] = [];
  const open = new Set(everyIndex(n));
  while (chosen.length < count) {
    const best = greatestGain(regressions, charge, open);
    for (const regression of regressions) choose(regression, best, chosen.length);
    open.delete(best);
    chosen.push(best);
  }
  return chosen;
}

function scaleRegression(statistics: LayerStatistics, c: number, ridge: number, count: number): Regression {
  const { n } = statistics;
  const pairs = pairEnergyKernel(statistics, c);
  const norms = weightNorms(statistics, c);
  const targets = crossEnergyOf(statistics, c).map((b, i) => b + ridge * norms[i]);
  const diagonal = norms.map((norm, i) => pairs[i * n + i] + ridge * norm);
  return regressionOf(diagonal, targets, count, (i) => pairs.slice(i * n, (i + 1) * n));
}

function sharedRegression(statistics: LayerStatistics, outputs: readonly number[], ridge: number, count: number): Regression {
  const { n, gram, cross, weights } = statistics;
  const old = rowsOf(weights, n, outputs);
  const targets = rowsOf(cross, n, outputs).map((value, at) => value + ridge * old[at]);
  const diagonal = Float64Array.from({ length: n }, (_, i) => gram[i * n + i] + ridge);
  return regressionOf(diagonal, targets, count, (i) => gram.slice(i * n, (i + 1) * n));
}

function regressionOf(
  diagonal: Float64Array,
  targets: Float64Array,
  count: number,
  row: (component: number) => Float64Array,
): Regression {
  const n = diagonal.length;
  const least = diagonal.map((energy) => n * Number.EPSILON * energy);
  return { diagonal, least, targets, columns: new Float64Array(count * n), row };
}

function greatestGain(regressions: readonly Regression[], charge: Float64Array, open: ReadonlySet<number>): number {
  const gain = charge.map((amount) => -amount);
  for (const { diagonal, least, targets } of regressions) {
    const n = diagonal.length;
    for (let start = 0; start < targets.length; start += n) {
      for (let j = 0; j < n; j++) {
        if (diagonal[j] > least[j]) gain[j] += (targets[start + j] * targets[start + j]) / diagonal[j];
      }
    }
  }
  let best = -1;
  for (const j of open) if (best < 0 || gain[j] > gain[best]) best = j;
  return best;
}

function choose(regression: Regression, i: number, step: number): void {
  const { diagonal, least, targets, columns, row } = regression;
  // Spanned already: the Schur complement does not change, and its column stays 0.
  if (!(diagonal[i] > least[i])) return;
  const n = diagonal.length;
  const column = row(i);
  for (let s = 0; s < step; s++) {
    const known = columns[s * n + i];
    for (let j = 0; j < n; j++) column[j] -= known * columns[s * n + j];
  }
  const root = Math.sqrt(diagonal[i]);
  for (let j = 0; j < n; j++) {
    column[j] /= root;
    if (j !== i) diagonal[j] -= column[j] * column[j];
  }
  columns.set(column, step * n);
  for (let start = 0; start < targets.length; start += n) {
    const y = targets[start + i] / root;
    for (let j = 0; j < n; j++) targets[start + j] -= y * column[j];
  }
}
