import { keepSets } from '../pruning/keepSets.ts';
import type { Experiment, Keep } from './experiment.ts';
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
  const needsCost = request.target.kind === 'macs' || request.target.kind === 'params';
  if (needsCost && !costModel) return undefined;
  return keepSets(request.target, rankings, costModel ?? { widths: {}, terms: [] }, { pins, rules: request.rules, allocation });
}

/** True where keep sets wait for a rule to be scored, or for slopes to be measured. */
export function lacksScores(experiment: Experiment, request: RankedRequest): boolean {
  return lacksRanking(experiment, request) || allocationFor(experiment, request) === undefined;
}
