import { centred } from './centring.ts';
import { choleskyWithRidge, solveLower } from './cholesky.ts';
import { type Compensation, type LayerRidge, scaleIsLeastSquares } from './compensationMethod.ts';
import { restricted, rowsOf } from './componentBlocks.ts';
import { crossEnergyOf, pairEnergyKernel, weightNorms } from './contributions.ts';
import type { LayerStatistics } from './layerStatistics.ts';
import { factorScaling } from './scaling.ts';

/*
 * The reconstruction error of every prefix of an order of components, in one factorisation.
 *
 * Let `A = L Lᵀ` be the ridged normal equations in that order and `L y = t` their right-hand side.
 * The leading k × k block of L factors the leading block of A, so the first k entries of y belong
 * to the first k components alone, and the fit of that prefix gains exactly `Σ_{j ≤ k} y_j²`.
 */

/** Receives one output's errors: `residual[k − 1]` is that of the first k. The array is reused. */
export type EmitResidual = (output: number, residual: Float64Array) => void;

/**
 * Calls `emit` once for each of `outputs` with the error of its fit (`FitOptions`, ridge term
 * included) on the first k components of `order`, for k = 1 … order.length, in units of `energy`.
 * Kernel under the fidelity functions: it trusts its arguments.
 *
 * Cost, with k = order.length: `'leastSquares'` O((kp)³/6 + m (kp)²/2); `'scale'`
 * O(m ((kp)²/2 + k³/6)), or as least squares where p = 1; `'none'` O(m (kp)²/2);
 * `'leastSquaresBias'` as least squares, on the centred statistics. The restricted
 * statistics are copied first, so that the loops over outputs read G in order.
 */
export function eachNestedResidual(
  statistics: LayerStatistics,
  order: ArrayLike<number>,
  compensation: Compensation,
  ridge: LayerRidge,
  outputs: readonly number[],
  emit: EmitResidual,
): void {
  const kept = restricted(statistics, order);
  const local = compensation === 'leastSquaresBias' ? (centred(kept)?.statistics ?? kept) : kept;
  const refits = compensation === 'leastSquares' || compensation === 'leastSquaresBias';
  const isShared = (c: number): boolean => refits || (compensation === 'scale' && scaleIsLeastSquares(local, c));
  const shared = outputs.filter(isShared);
  if (shared.length > 0) leastSquaresResiduals(local, ridge, shared, emit);
  for (const c of outputs) {
    if (isShared(c)) continue;
    const pairs = pairEnergyKernel(local, c);
    const cross = crossEnergyOf(local, c);
    const energy = local.energy[c];
    if (compensation === 'none') emit(c, unfittedResidual(pairs, cross, energy));
    else emit(c, scaledResidual(pairs, cross, weightNorms(local, c), energy, ridge));
  }
}

/**
 * Errors of every prefix under `'scale'`, for one output; those of `'none'` where no ridge makes
 * the system factor.
 *
 * @param pairs `Q^c` in the order of the prefixes, row-major `k × k`, of which the lower triangle is read
 * @param cross `b_c` in that order, length k
 * @param norms `‖w_ci‖²` in that order, length k
 * @param energy `e_c`
 * @returns length k; O(k³/6)
 */
export function scaledResidual(
  pairs: Float64Array,
  cross: Float64Array,
  norms: Float64Array,
  energy: number,
  ridge: LayerRidge,
): Float64Array {
  const k = cross.length;
  const factored = factorScaling(pairs, cross, norms, ridge);
  if (!factored.ok) return unfittedResidual(pairs, cross, energy);
  const y = solveLower(factored.factor, k, factored.target, 1);
  let error = energy;
  for (let a = 0; a < k; a++) {
    error += factored.ridge * norms[a] - y[a] * y[a];
    y[a] = error;
  }
  return y;
}

/** `e_c − 2 Σ b_i + Σ Q_ij` of every prefix: the kept weights as they are. */
function unfittedResidual(pairs: Float64Array, cross: Float64Array, energy: number): Float64Array {
  const k = cross.length;
  const residual = new Float64Array(k);
  let error = energy;
  for (let a = 0; a < k; a++) {
    let coupling = 0;
    for (let j = 0; j < a; j++) coupling += pairs[a * k + j];
    error += pairs[a * k + a] + 2 * coupling - 2 * cross[a];
    residual[a] = error;
  }
  return residual;
}

function leastSquaresResiduals(
  local: LayerStatistics,
  ridge: LayerRidge,
  outputs: readonly number[],
  emit: EmitResidual,
): void {
  const { n, p, gram, cross, energy, weights } = local;
  const size = n * p;
  const factored = choleskyWithRidge(gram, size, ridge);
  if (!factored.ok) {
    for (const c of outputs) emit(c, unfittedResidual(pairEnergyKernel(local, c), crossEnergyOf(local, c), energy[c]));
    return;
  }
  const old = rowsOf(weights, size, outputs);
  const target = rowsOf(cross, size, outputs);
  for (let q = 0; q < target.length; q++) target[q] += factored.ridge * old[q];
  const y = solveLower(factored.factor, size, target, outputs.length);
  const residual = new Float64Array(n);
  for (let r = 0; r < outputs.length; r++) {
    let error = energy[outputs[r]];
    for (let i = 0; i < n; i++) {
      for (let q = r * size + i * p; q < r * size + (i + 1) * p; q++) {
        error += factored.ridge * old[q] * old[q] - y[q] * y[q];
      }
      residual[i] = error;
    }
    emit(outputs[r], residual);
  }
}
