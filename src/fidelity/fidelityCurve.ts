import { checkIndices } from './argumentErrors.ts';
import { type Compensation, layerRidge, type OutputSampleOptions } from './compensationMethod.ts';
import { everyIndex } from './componentBlocks.ts';
import { checkStatistics, type LayerStatistics } from './layerStatistics.ts';
import { eachNestedResidual } from './nestedResiduals.ts';

/**
 * Fidelity of every prefix of an order of components: `curve[k − 1] = FS(first k of order)`.
 *
 * One Cholesky factorisation gives every k at once (per output for `'scale'`, one for the layer
 * for least squares and for `'scale'` with p = 1); see `nestedResiduals`. Values are those of
 * `subsetFidelity` clamped to [0, 1]; where a fit's curve dips, which only the ridge term can
 * make it do, it is levelled: the smaller set's fit is open to the larger set.
 *
 * @param order distinct components; all n, or the first few
 * @param options `outputs`: evaluate only these outputs, for large layers (cost is proportional
 * to their number under `'scale'`); ridge as in `FitOptions`
 * @returns length `order.length`. With k = order.length and m outputs: `'scale'`
 * O(m ((kp)²/2 + k³/6)), for p = 1 O(k³/6 + m k²/2); least squares, with a
 * bias or without, O((kp)³/6 + m (kp)²/2); `'none'` O(m (kp)²/2). A layer without energy gives zeros
 * @throws ShapeMismatchError, ArgumentRangeError, ComponentIndexError
 */
export function fidelityCurve(
  statistics: LayerStatistics,
  order: ArrayLike<number>,
  compensation: Compensation,
  options: OutputSampleOptions = {},
): Float64Array {
  const { error, energy } = nestedErrors(statistics, order, compensation, options);
  return curveOf(error, energy, compensation !== 'none');
}

/**
 * `Σ_c E‖Y_c − Ŷ_c‖²` of every prefix of an order of components, and the energy `Σ_c e_c` of the
 * same outputs: what `fidelityCurve` is made of. A fit's error has the ridge term in it.
 *
 * Arguments, cost and errors as `fidelityCurve`.
 *
 * @returns `error[k − 1]` of the first k
 */
export function nestedErrors(
  statistics: LayerStatistics,
  order: ArrayLike<number>,
  compensation: Compensation,
  options: OutputSampleOptions = {},
): { readonly error: Float64Array; readonly energy: number } {
  checkStatistics('fidelityCurve', statistics);
  checkIndices('fidelityCurve: order', order, statistics.n);
  if (options.outputs) checkIndices('fidelityCurve: outputs', options.outputs, statistics.m);
  const outputs = options.outputs ? Array.from(options.outputs) : everyIndex(statistics.m);
  const error = new Float64Array(order.length);
  const ridge = layerRidge(statistics, options);
  eachNestedResidual(statistics, order, compensation, ridge, outputs, (_, residual) => {
    for (let k = 0; k < error.length; k++) error[k] += residual[k];
  });
  let energy = 0;
  for (const c of outputs) energy += statistics.energy[c];
  return { error, energy };
}

/**
 * Turns summed residuals into a curve, `1 − error / energy` clamped to [0, 1]; a fit's curve is
 * also made monotone. Kernel; `error` is overwritten and returned.
 */
export function curveOf(error: Float64Array, energy: number, monotone: boolean): Float64Array {
  if (energy === 0) return error.fill(0);
  let least = 0;
  for (let k = 0; k < error.length; k++) {
    error[k] = Math.min(1, Math.max(least, 1 - error[k] / energy));
    if (monotone) least = error[k];
  }
  return error;
}
