import { checkIndices, checkInteger } from '../argumentErrors.ts';
import type { OutputSampleOptions } from '../compensationMethod.ts';
import { checkStatistics, type LayerStatistics } from '../layerStatistics.ts';
import type { Fit } from './blockRegression.ts';
import { greedyOrder } from './componentOrder.ts';

export interface GreedyOptions extends OutputSampleOptions {
  /** How many components to choose. Default: all n. */
  readonly count?: number;
  /** The fit whose fidelity is raised. Default: `'scale'`. */
  readonly fit?: Fit;
}

/**
 * Forward greedy selection on the fidelity of one layer: `greedyOrder` with one reader. To know the
 * fidelity that is reached, pass the order to `fidelityCurve`.
 *
 * @param options `count`, `fit`, `outputs` (choose by these outputs only), `ridge`
 * @returns the chosen components, in order of choice
 * @throws ShapeMismatchError, ArgumentRangeError, ComponentIndexError
 */
export function forwardGreedy(statistics: LayerStatistics, options: GreedyOptions = {}): number[] {
  checkStatistics('forwardGreedy', statistics);
  const { n, m } = statistics;
  const { count = n, outputs, fit = 'scale' } = options;
  checkInteger('forwardGreedy: count', count, 0, n);
  if (outputs) checkIndices('forwardGreedy: outputs', outputs, m);
  const reader = { statistics, ...(outputs && { outputs: Array.from(outputs) }) };
  return greedyOrder([reader], n, fit, { ...options, count });
}
