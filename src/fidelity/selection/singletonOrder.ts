import type { LayerStatistics } from '../layerStatistics.ts';
import { type OutputWeighting, singletonScores } from '../singletonFidelity.ts';
import { orderByScore } from './topK.ts';

/**
 * Components by descending layer-level singleton fidelity: the paper's selection rule (ModHiFi,
 * arXiv 2511.19566), optimal when contributions are uncorrelated (Theorem 3.7). Its first k are
 * the singleton k-subset.
 *
 * @returns a permutation of 0 … n − 1; O(m n p²)
 * @throws ShapeMismatchError, ArgumentRangeError for statistics of wrong sizes
 */
export function singletonOrder(statistics: LayerStatistics, weighting: OutputWeighting = 'energy'): number[] {
  return orderByScore(singletonScores(statistics, weighting));
}
