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
 * What `scores` says of every group that may be cut. Where it says nothing (no reader of the group has
 * a Gram), the group is left with its singleton scores, all that is known of it.
 */
export function scoreByScores(
  input: CriterionInput,
  scores: (group: CouplingGroup) => Float64Array | undefined,
): GroupScoreMap {
  let singleton: GroupScoreMap | undefined;
  return scoreEachGroup(input.coupled.groups, (group) => {
    const own = scores(group);
    if (own) return own;
    singleton ??= singletonScoresByGroup(input);
    return singleton.get(group.name) ?? new Float64Array(group.channels);
  });
}

/**
 * `scoreByScores` from an order of each group's channels, best first: `channels` for the best, 1 for the
 * last; an empty order says nothing.
 */
export function scoreByOrder(
  input: CriterionInput,
  order: (group: CouplingGroup) => ArrayLike<number> | undefined,
): GroupScoreMap {
  return scoreByScores(input, (group) => {
    const best = order(group);
    if (!best || best.length === 0) return undefined;
    const scores = new Float64Array(group.channels);
    for (let k = 0; k < best.length; k++) scores[best[k]] = group.channels - k;
    return scores;
  });
}
