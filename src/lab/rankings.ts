import type { CouplingGroup } from '../network/couplingGroup.ts';
import { prunableGroups, type Ranking } from '../pruning/keepSets.ts';
import { randomGroupScores } from '../pruning/rankings.ts';
import type { PruneRequest } from '../pruning/pruneRequest.ts';
import type { GroupFidelity, NormScores } from '../workers/protocol.ts';

export interface Scores {
  readonly groups: readonly CouplingGroup[];
  readonly fidelity?: readonly GroupFidelity[];
  readonly norms?: NormScores;
}

/**
 * What the request's selection ranks channels by; undefined while the scores that it needs are
 * not there yet. The curve is always that of the singleton scores, so with another selection a
 * target η sets the widths by fidelity and the selection sets which channels fill them.
 */
export function rankingsFor(request: Pick<PruneRequest, 'select' | 'compensate' | 'seed'>, { groups, fidelity, norms }: Scores): readonly Ranking[] | undefined {
  const prunable = prunableGroups(groups);
  if (prunable.length === 0) return undefined;
  const byName = new Map(fidelity?.map((group) => [group.name, group]));
  const random = request.select === 'random' ? randomGroupScores(groups, request.seed) : undefined;
  const rankings: Ranking[] = [];
  for (const { name, channels, parts } of prunable) {
    const measured = byName.get(name);
    let scores: ArrayLike<number> | undefined;
    if (request.select === 'singleton') scores = measured?.singleton;
    else if (request.select === 'random') scores = random?.get(name);
    else scores = norms?.[name]?.[request.select];
    if (!scores || scores.length !== channels) return undefined;
    const curve = measured && compensatedCurve(measured, request.compensate);
    rankings.push({ name, channels, scores, ...(curve ? { curve } : {}), ...(parts ? { parts } : {}) });
  }
  return rankings;
}

/** The curve under this compensation; the least-squares one comes last, and that by scale stands in for it till then. */
export function compensatedCurve({ curves }: GroupFidelity, compensate: PruneRequest['compensate']): readonly number[] {
  return compensate === 'leastSquares' && curves.leastSquares.length > 0 ? curves.leastSquares : curves.scale;
}
