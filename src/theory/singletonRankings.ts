import { groupScores } from '../pruning/groupFidelity.ts';
import { prunableGroups, type Ranking } from '../pruning/keepSets.ts';
import type { LayerMeasures } from '../pruning/statisticsStore.ts';
import type { Subject } from '../pruning/subject.ts';

/** Every group that may be cut as the paper's rule ranks it: by singleton fidelity. */
export function singletonRankings({ coupled, layers }: Subject, measures: LayerMeasures): Ranking[] {
  const scores = new Map(groupScores(layers, measures).map(({ name, singleton }) => [name, singleton]));
  return prunableGroups(coupled.groups).map(({ name, channels, parts }) => ({
    name,
    channels,
    scores: scores.get(name) ?? new Float64Array(channels),
    ...(parts ? { parts } : {}),
  }));
}
