import { encodeSource } from '../datasets/sourceText.ts';
import { slopesOf, UNIFORM, type AllocationRule } from '../pruning/allocation.ts';
import { prunableGroups, type Ranking } from '../pruning/keepSets.ts';
import { sharesCost, type PruneRequest } from '../pruning/pruneRequest.ts';
import { SELECTION_RULES } from '../pruning/selections.ts';
import type { GroupFidelity, GroupRanking } from '../workers/protocol.ts';
import { shownFidelity, shownGroups, type Experiment } from './experiment.ts';

/** What a ranking of the channels depends on. */
export type RankedRequest = Pick<PruneRequest, 'select' | 'compensate' | 'allocate' | 'seed' | 'target'>;

type Scored = Pick<Experiment, 'calibration' | 'precomputed' | 'model' | 'rankings'>;

/**
 * What the request's selection ranks channels by, with the curves that its widths need; undefined
 * while that is not known. Singleton scores are those on screen, live while calibration runs; all
 * other rules are ranked by the workers.
 */
export function rankingsFor(experiment: Scored, request: RankedRequest): readonly Ranking[] | undefined {
  const prunable = prunableGroups(shownGroups(experiment));
  if (prunable.length === 0) return undefined;
  const ranked = new Map((rankedByWorkers(experiment, request) ?? liveRanking(experiment, request))?.map((group) => [group.name, group]));
  const rankings: Ranking[] = [];
  for (const { name, channels, parts } of prunable) {
    const group = ranked.get(name);
    if (group?.scores.length !== channels) return undefined;
    rankings.push({ ...group, channels, ...(parts ? { parts } : {}) });
  }
  return rankings;
}

/** How the request shares its cost out; undefined while the slopes that this needs are not measured. */
export function allocationFor({ theory }: Pick<Experiment, 'theory'>, request: RankedRequest): AllocationRule | undefined {
  if (!weighsByTheory(request)) return sharesCost(request.target) && request.allocate === 'eta' ? { kind: 'eta' } : UNIFORM;
  return theory.localGlobal && { kind: 'theory', slopes: slopesOf(theory.localGlobal.points, request.compensate) };
}

/** True where the request's widths follow from slopes that are measured on the network. */
export function weighsByTheory(request: RankedRequest): boolean {
  return sharesCost(request.target) && request.allocate === 'theory';
}

/** True where the workers must rank the groups, and have not yet. */
export function lacksRanking(experiment: Scored, request: RankedRequest): boolean {
  return rankedByWorkers(experiment, request) === undefined && liveRanking(experiment, request) === undefined;
}

/** Names a ranking by the workers; undefined while there is nothing that it could rest on. */
export function rankingKey(experiment: Pick<Experiment, 'calibration'>, { select, compensate, seed }: Pick<RankedRequest, 'select' | 'compensate' | 'seed'>): string | undefined {
  const statistics = statisticsKey(experiment);
  return statistics === undefined ? undefined : `${select} ${compensate} ${seed} ${statistics}`;
}

/** Names the scores of a rule that runs the network. */
export function scoresKey({ calibration }: Pick<Experiment, 'calibration'>, { select, seed }: Pick<RankedRequest, 'select' | 'seed'>): string {
  return `${select} ${seed} ${SELECTION_RULES[select].access.data ? `${calibration.images} ${encodeSource(calibration.source)}` : ''}`;
}

/** The curve under this compensation; the least-squares one comes last, and that by scale stands in for it till then. */
export function compensatedCurve({ curves }: GroupFidelity, compensate: PruneRequest['compensate']): readonly number[] {
  const refits = compensate !== 'none' && compensate !== 'scale';
  return refits && curves.leastSquares.length > 0 ? curves.leastSquares : curves.scale;
}

/** The groups as the workers ranked them by the request's rule; undefined where they have not. */
export function rankedByWorkers(experiment: Scored, request: RankedRequest): readonly GroupRanking[] | undefined {
  const key = rankingKey(experiment, request);
  if (key === undefined) return undefined;
  const exact = experiment.rankings[key];
  if (exact || needsCurves(request) || SELECTION_RULES[request.select].perCompensation) return exact;
  // the compensation changes such a rule's curves, and not what it keeps
  const [start, end] = [`${request.select} `, key.slice(`${request.select} ${request.compensate}`.length)];
  const other = Object.keys(experiment.rankings).find((known) => known.startsWith(start) && known.endsWith(end));
  return other === undefined ? undefined : experiment.rankings[other];
}

/** Singleton scores as they are on screen, where those will do. */
function liveRanking(experiment: Scored, request: RankedRequest): readonly Pick<Ranking, 'name' | 'scores' | 'curve'>[] | undefined {
  if (request.select !== 'singleton' || weighsByTheory(request)) return undefined;
  return shownFidelity(experiment).groups?.map((group) => ({ name: group.name, scores: group.singleton, curve: compensatedCurve(group, request.compensate) }));
}

function needsCurves(request: RankedRequest): boolean {
  return request.target.kind === 'eta' || (sharesCost(request.target) && request.allocate !== 'uniform');
}

/** Tells the statistics in the fidelity worker from others; undefined while they are collected, or where there are none. */
function statisticsKey({ calibration: { status, update, seed, drawnFrom } }: Pick<Experiment, 'calibration'>): string | undefined {
  return update && (status === 'done' || status === 'cancelled') ? `${update.images} ${seed} ${encodeSource(drawnFrom)}` : undefined;
}
