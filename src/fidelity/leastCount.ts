import { ArgumentRangeError } from './argumentErrors.ts';

/**
 * The least k with `curve[k − 1] ≥ eta`: the size of the (k, η)-HiFi set along that order
 * (ModHiFi, arXiv 2511.19566, section 3). `curve.length` where none reaches η: then all are kept.
 *
 * @param curve fidelity of the first k at index k − 1, as from `fidelityCurve`
 * @param eta in [0, 1]; 0 asks for one component
 * @returns an integer from 1 to `curve.length`
 * @throws ArgumentRangeError for an empty curve, or eta outside [0, 1]
 */
export function leastCountReaching(curve: Float64Array, eta: number): number {
  if (curve.length === 0) throw new ArgumentRangeError('leastCountReaching: the curve is empty.');
  if (!(eta >= 0 && eta <= 1)) throw new ArgumentRangeError(`leastCountReaching: eta is ${eta}, expected 0 to 1.`);
  const index = curve.findIndex((fidelity) => fidelity >= eta);
  return index < 0 ? curve.length : index + 1;
}
