import type { Compensation as Fit } from '../fidelity/compensationMethod.ts';
import type { Compensation } from './pruneRequest.ts';

/** The linear fit that a compensation is, or begins with. */
export function fitOf(compensate: Compensation): Fit {
  return compensate === 'leastSquaresRelu' ? 'leastSquaresBias' : compensate;
}
