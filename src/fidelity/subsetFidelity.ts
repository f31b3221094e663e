import { checkIndices } from './argumentErrors.ts';
import { centred } from './centring.ts';
import { type Compensation, type FitOptions, layerRidge } from './compensationMethod.ts';
import { everyIndex } from './componentBlocks.ts';
import { checkStatistics, type LayerStatistics } from './layerStatistics.ts';
import { eachNestedResidual } from './nestedResiduals.ts';

/**
 * Layer fidelity of a subset C of input components,
 * `FS(C) = 1 − Σ_c E‖Y_c − Ŷ_c‖² / Σ_c e_c`, where Ŷ_c is the best that the kept components can
 * do under the compensation (ModHiFi, arXiv 2511.19566, section 3; ridge as in `FitOptions`).
 *
 * Y is the target and the components are the present ones: in a sequential pass they come from
 * different networks. Fits lie in [0, 1]; `'none'` is negative when the
 * kept weights do worse than a zero output, and is returned as it is. A layer without energy has
 * fidelity 0, and so has an empty subset, save for what a bias explains alone.
 *
 * @param subset distinct components, any order
 * @returns a number; cost as `fidelityCurve` with k = subset.length
 * @throws ShapeMismatchError, ArgumentRangeError, ComponentIndexError
 */
export function subsetFidelity(
  statistics: LayerStatistics,
  subset: ArrayLike<number>,
  compensation: Compensation,
  options: FitOptions = {},
): number {
  const error = subsetError(statistics, subset, compensation, options);
  let total = 0;
  for (const energy of statistics.energy) total += energy;
  return fidelityOf(error, total, compensation);
}

/**
 * The error that `subsetFidelity` weighs against the layer's energy, `Σ_c E‖Y_c − Ŷ_c‖²` and the
 * ridge term. Where targets and inputs differ the ridge can take it above the energy.
 *
 * Arguments, cost and errors as there.
 */
export function subsetError(
  statistics: LayerStatistics,
  subset: ArrayLike<number>,
  compensation: Compensation,
  options: FitOptions = {},
): number {
  checkStatistics('subsetFidelity', statistics);
  checkIndices('subsetFidelity: subset', subset, statistics.n);
  let error = 0;
  eachSubsetError(statistics, subset, compensation, options, (_, residual) => (error += residual));
  return error;
}

/**
 * Fidelity `FS_c(C)` of each output by itself, `1 − E‖Y_c − Ŷ_c‖² / e_c`.
 *
 * Arguments, range, cost and errors as `subsetFidelity`; the default is the paper's `'scale'`.
 *
 * @returns length m; an output without energy has fidelity 0
 */
export function outputFidelity(
  statistics: LayerStatistics,
  subset: ArrayLike<number>,
  compensation: Compensation = 'scale',
  options: FitOptions = {},
): Float64Array {
  checkStatistics('outputFidelity', statistics);
  checkIndices('outputFidelity: subset', subset, statistics.n);
  const fidelity = new Float64Array(statistics.m);
  eachSubsetError(statistics, subset, compensation, options, (c, residual) => {
    fidelity[c] = fidelityOf(residual, statistics.energy[c], compensation);
  });
  return fidelity;
}

function eachSubsetError(
  statistics: LayerStatistics,
  subset: ArrayLike<number>,
  compensation: Compensation,
  options: FitOptions,
  emit: (c: number, residual: number) => void,
): void {
  if (subset.length === 0) {
    const left = (compensation === 'leastSquaresBias' && centred(statistics)?.statistics.energy) || statistics.energy;
    left.forEach((energy, c) => emit(c, energy));
    return;
  }
  const ridge = layerRidge(statistics, options);
  eachNestedResidual(statistics, subset, compensation, ridge, everyIndex(statistics.m), (c, residual) => {
    emit(c, residual[subset.length - 1]);
  });
}

function fidelityOf(error: number, energy: number, compensation: Compensation): number {
  if (energy === 0) return 0;
  const fidelity = 1 - error / energy;
  // Outside [0, 1] a fit can only be by rounding, or by the ridge term.
  return compensation === 'none' ? Math.min(1, fidelity) : Math.min(1, Math.max(0, fidelity));
}
