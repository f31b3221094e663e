import { leastCountReaching } from '../fidelity/leastCount.ts';
import type { Experiment } from './experiment.ts';
import { rankingsFor } from './rankings.ts';
import type { Ranking } from '../pruning/keepSets.ts';

/** Size of the (k, η)-HiFi set along a curve; undefined where not even all components reach η. */
export function reachingCount(curve: ArrayLike<number>, eta: number): number | undefined {
  if (curve.length === 0) return undefined;
  const k = leastCountReaching(Float64Array.from(curve), eta);
  return curve[k - 1] >= eta ? k : undefined;
}

/** The `k` channels of greatest score, best first; of equals the first. */
export function bestChannels(scores: ArrayLike<number>, k: number): readonly number[] {
  return Array.from(scores, (_, channel) => channel).sort((a, b) => scores[b] - scores[a] || a - b).slice(0, k);
}

/** The (k, η)-HiFi set as a ranking has it, best first; undefined where it does not reach η, or has no curve. */
export function hifiSet({ scores, curve, sets }: Pick<Ranking, 'scores' | 'curve' | 'sets'>, eta: number): readonly number[] | undefined {
  const k = curve && reachingCount(curve, eta);
  return k === undefined ? undefined : (sets?.[k - 1] ?? bestChannels(scores, k));
}

/** One group as the request ranks it, as far as that is known. Its arrays are those of the state. */
export function rankingOf(experiment: Experiment, group: string | undefined): Ranking | undefined {
  return group === undefined ? undefined : rankingsFor(experiment, experiment.request)?.find(({ name }) => name === group);
}
