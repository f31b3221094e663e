import { seededRandom } from '../../fidelity/random.ts';
import type { CouplingGroup } from '../../network/couplingGroup.ts';
import type { Criterion, GroupScoreMap } from './criterion.ts';
import { scoreEachGroup } from './groupScoreMap.ts';

/** Uniform scores in [0, 1) from one seeded sequence, group after group: what any rule must beat. */
export function randomGroupScores(groups: readonly CouplingGroup[], seed: number): GroupScoreMap {
  const next = seededRandom(seed);
  return scoreEachGroup(groups, ({ channels }) => Float64Array.from({ length: channels }, () => next()));
}

export const random: Criterion = ({ coupled, seed }) => randomGroupScores(coupled.groups, seed);
