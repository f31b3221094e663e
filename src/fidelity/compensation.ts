import { checkIndices } from './argumentErrors.ts';
import { centred } from './centring.ts';
import { choleskyWithRidge, solveFactored } from './cholesky.ts';
import {
  type Compensation,
  type FitOptions,
  type LayerRidge,
  layerRidge,
  scaleIsLeastSquares,
} from './compensationMethod.ts';
import { everyIndex, restricted, rowsOf } from './componentBlocks.ts';
import { crossEnergyOf, pairEnergyKernel, weightNorms } from './contributions.ts';
import { dot, multiplyTransposed } from './denseProduct.ts';
import { checkStatistics, type LayerStatistics } from './layerStatistics.ts';
import { factorScaling } from './scaling.ts';

export interface CompensatedWeights {
  /** Row-major `m × kp`, k = kept.length: the kept components in the order of `kept`. */
  readonly weights: Float64Array;
  /** Per output, what to add to the layer's bias; of `'leastSquaresBias'` on statistics with means alone. */
  readonly bias?: Float64Array;
  /**
   * `1 − Σ_c E‖Y_c − Ŷ_c‖² / Σ_c e_c` of exactly these weights and bias, without any ridge term; at most
   * 1, negative where they do worse than a zero output, 0 for a layer without energy.
   */
  readonly fidelity: number;
  /**
   * The greatest absolute λ that was needed (0 for `'none'`); Infinity where no λ made the
   * system factor and weights were kept as they are.
   */
  readonly ridge: number;
}

/**
 * New weights for the kept components that rebuild the target outputs as well as the method can.
 *
 * - `'none'`: `W_C`, sliced.
 * - `'scale'`: `δ_ci w_ci` with `δ_c = (Q^c_CC)⁻¹ b_cC`, the paper's δ* (arXiv 2511.19566,
 *   section 3), folded into the weights. One k × k factorisation per output; where a component
 *   has one weight (p = 1) that weight cancels and one factorisation of `G_CC` serves all.
 * - `'leastSquares'`: `W'_C = cross_C (G_CC)⁻¹`, one factorisation and m right-hand sides.
 * - `'leastSquaresBias'`: the same with a constant feature appended, whose weights are `bias`.
 *
 * Nothing is inverted; the ridge is that of `FitOptions`, so the result is never worse than
 * `'none'`, and with everything kept on intact inputs it is W itself (and the bias 0).
 *
 * @param kept distinct components; ascending for `PrunePlan`
 * @returns O((kp)³/6 + m (kp)²) for least squares; O(m ((kp)² + k³/6)) for `'scale'`
 * @throws ShapeMismatchError, ArgumentRangeError, ComponentIndexError
 */
export function compensate(
  statistics: LayerStatistics,
  kept: ArrayLike<number>,
  method: Compensation,
  options: FitOptions = {},
): CompensatedWeights {
  checkStatistics('compensate', statistics);
  checkIndices('compensate: kept', kept, statistics.n);
  const own = restricted(statistics, kept);
  const about = method === 'leastSquaresBias' ? centred(own) : undefined;
  const local = about?.statistics ?? own;
  const weights = local.weights.slice();
  const layer = layerRidge(statistics, options);
  let ridge = 0;
  if (method !== 'none') {
    const all = everyIndex(local.m);
    const isShared = (c: number): boolean => method !== 'scale' || scaleIsLeastSquares(local, c);
    const shared = all.filter(isShared);
    if (shared.length > 0) ridge = refitRows(local, layer, shared, weights);
    for (const c of all) if (!isShared(c)) ridge = Math.max(ridge, scaleRow(local, layer, c, weights));
  }
  // Where nothing could be fitted the layer stays as it is, its bias too.
  if (!about || ridge === Number.POSITIVE_INFINITY) return { weights, fidelity: reachedFidelity(own, weights, own.energy), ridge };
  return { weights, bias: about.biasOf(weights), fidelity: reachedFidelity(local, weights, own.energy), ridge };
}

/** Writes the least squares of the outputs `outputs` to their rows of `fitted`; returns the λ used. */
function refitRows(
  { n, p, gram, cross, weights }: LayerStatistics,
  layer: LayerRidge,
  outputs: readonly number[],
  fitted: Float64Array,
): number {
  const size = n * p;
  const factored = choleskyWithRidge(gram, size, layer);
  if (!factored.ok) return Number.POSITIVE_INFINITY;
  const old = rowsOf(weights, size, outputs);
  const target = rowsOf(cross, size, outputs);
  for (let q = 0; q < target.length; q++) target[q] += factored.ridge * old[q];
  const solved = solveFactored(factored.factor, size, target, outputs.length);
  outputs.forEach((c, r) => fitted.set(solved.subarray(r * size, (r + 1) * size), c * size));
  return factored.ridge;
}

/** Scales the components of row c of `fitted` by δ*; returns the λ used. */
function scaleRow(local: LayerStatistics, layer: LayerRidge, c: number, fitted: Float64Array): number {
  const { n, p } = local;
  const factored = factorScaling(pairEnergyKernel(local, c), crossEnergyOf(local, c), weightNorms(local, c), layer);
  if (!factored.ok) return Number.POSITIVE_INFINITY;
  const delta = solveFactored(factored.factor, n, factored.target, 1);
  for (let i = 0; i < n; i++) {
    for (let q = (c * n + i) * p; q < (c * n + i + 1) * p; q++) fitted[q] *= delta[i];
  }
  return factored.ridge;
}

/** `1 − Σ_c (e_c − 2 v_c·cross_c + v_cᵀ G v_c) / Σ_c energy_c`; the two energies differ by what a bias explains. */
function reachedFidelity({ n, p, m, gram, cross, energy: left }: LayerStatistics, fitted: Float64Array, energy: Float64Array): number {
  const size = n * p;
  const product = multiplyTransposed(fitted, m, gram, size, size);
  let total = 0;
  let error = 0;
  for (let c = 0; c < m; c++) {
    const own = dot(fitted, c * size, product, c * size, size);
    total += energy[c];
    error += left[c] - 2 * dot(fitted, c * size, cross, c * size, size) + own;
  }
  return total === 0 ? 0 : Math.min(1, 1 - error / total);
}
