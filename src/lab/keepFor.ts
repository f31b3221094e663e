import { keepSets } from '../pruning/keepSets.ts';
import { sharesCost } from '../pruning/pruneRequest.ts';
import { timeModel, type TimeModel } from '../pruning/timedCosts.ts';
import type { Experiment, Keep } from './experiment.ts';
import { intactTimes } from './layerTimesKnown.ts';
import { shownCostModel } from './planCost.ts';
import { allocationFor, lacksRanking, rankingsFor, type RankedRequest } from './rankings.ts';

/**
 * Keep sets of the request, from the scores on screen; undefined while those are not there.
 *
 * @throws MissingCurveError, MissingSlopesError where a group has none
 */
export function keepFor(experiment: Experiment, request = experiment.request, pins = experiment.pins): Keep | undefined {
  const costModel = shownCostModel(experiment);
  const rankings = rankingsFor(experiment, request);
  const allocation = allocationFor(experiment, request);
  if (!rankings || !allocation) return undefined;
  if (sharesCost(request.target) && !costModel) return undefined;
  if (lacksTimes(experiment, request)) return undefined;
  const time = request.target.kind === 'latency' ? predictedTime(experiment) : undefined;
  return keepSets(request.target, rankings, costModel ?? { widths: {}, terms: [] }, { pins, rules: request.rules, allocation, ...(time ? { time } : {}) });
}

/** True where keep sets wait for a rule to be scored, for slopes to be measured, or for layers to be timed. */
export function lacksScores(experiment: Experiment, request: RankedRequest): boolean {
  return lacksTimes(experiment, request) || lacksRanking(experiment, request) || allocationFor(experiment, request) === undefined;
}

/** True where a target in milliseconds waits for the intact network's layers to be timed on this backend. */
export function lacksTimes(experiment: Timed, { target }: Pick<RankedRequest, 'target'>): boolean {
  return target.kind === 'latency' && intactTimes(experiment) === undefined;
}

type Timed = Pick<Experiment, 'model' | 'backend' | 'layerTimes'>;

function predictedTime(experiment: Timed & Pick<Experiment, 'precomputed'>): TimeModel | undefined {
  const [costModel, times] = [shownCostModel(experiment), intactTimes(experiment)];
  return costModel && times && timeModel(costModel, times);
}
