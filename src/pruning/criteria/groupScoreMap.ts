import type { CouplingGroup } from '../../network/couplingGroup.ts';
import { groupScores } from '../groupFidelity.ts';
import { prunableGroups } from '../keepSets.ts';
import type { CriterionInput, GroupScoreMap } from './criterion.ts';

/** What `scores` says of every group that may be cut. */
export function scoreEachGroup(
  groups: readonly CouplingGroup[],
  scores: (group: CouplingGroup) => Float64Array,
): GroupScoreMap {
  return new Map(prunableGroups(groups).map((group) => [group.name, scores(group)]));
}

/** Singleton fidelity of every group's channels; zeros where nothing has been measured of a group. */
export function singletonScoresByGroup({ coupled, layers, measures }: CriterionInput): GroupScoreMap {
  const known = new Map(groupScores(layers, measures).map(({ name, singleton }) => [name, singleton]));
  return scoreEachGroup(coupled.groups, ({ name, channels }) => known.get(name) ?? new Float64Array(channels));
}

/**
 * Scores from an order of each group's channels, best first: `channels` for the best, 1 for the
 * last. Where `order` gives none (no reader of the group has a Gram), the group is left with its
 * singleton scores, all that is known of it.
 */
export function scoreByOrder(
  input: CriterionInput,
  order: (group: CouplingGroup) => ArrayLike<number> | undefined,
): GroupScoreMap {
  let singleton: GroupScoreMap | undefined;
  return scoreEachGroup(input.coupled.groups, (group) => {
    const { name, channels } = group;
    const scores = new Float64Array(channels);
    const best = order(group);
    if (!best || best.length === 0) {
      singleton ??= singletonScoresByGroup(input);
      return singleton.get(name) ?? scores;
    }
    for (let k = 0; k < best.length; k++) scores[best[k]] = channels - k;
    return scores;
  });
}
