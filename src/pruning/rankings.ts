import type { Fit } from '../fidelity/selection/blockRegression.ts';
import type { Coupling } from '../network/coupling.ts';
import type { CouplingGroup } from '../network/couplingGroup.ts';
import type { Network } from '../network/network.ts';
import { fitOf } from './compensationFit.ts';
import type { ConsumerLayer } from './consumerLayers.ts';
import type { GroupScoreMap } from './criteria/criterion.ts';
import { singletonScoresByGroup } from './criteria/groupScoreMap.ts';
import { CRITERIA } from './criteria/table.ts';
import { channelOrder, groupCurves, setCurves } from './groupFidelity.ts';
import { groupOrder, groupSearch } from './groupSelection.ts';
import { prunableGroups, type Ranking } from './keepSets.ts';
import { sharesCost, type Compensation, type PruneRequest, type Selection } from './pruneRequest.ts';
import { SELECTION_RULES, type SelectionScoredBy } from './selections.ts';
import type { LayerMeasures } from './statisticsStore.ts';

/** What groups are ranked from. */
export interface RankingInput {
  readonly network: Network;
  readonly coupled: Coupling;
  readonly layers: readonly ConsumerLayer[];
  readonly measures: LayerMeasures;
}

/** What to rank by, and whether curves are wanted beside the scores: they cost about as much as a refit. */
export interface RankingRequest {
  readonly select: Selection;
  readonly compensate: Compensation;
  readonly seed: number;
  readonly curves: boolean;
  /** Group → scores of a rule that runs the network; only read for such a rule. */
  readonly scores?: Readonly<Record<string, ArrayLike<number>>>;
}

/** A rule that runs the network was to rank groups without its scores. */
export class MissingScoresError extends Error {
  override readonly name = 'MissingScoresError';
  constructor(select: Selection, group?: string) {
    super(`The rule "${select}" is scored by running the network, and ${group === undefined ? 'no scores' : `no fitting scores of group "${group}"`} came with the request; compute them first.`);
  }
}

/** Every group that may be cut as a rule ranks it, with what a request's widths need beside the scores. */
export function rankingsFor(
  request: PruneRequest,
  network: Network,
  coupled: Coupling,
  layers: readonly ConsumerLayer[],
  measures: LayerMeasures,
  scores?: RankingRequest['scores'],
): Ranking[] {
  const { target, allocate, select, compensate, seed } = request;
  const curves = target.kind === 'eta' || (sharesCost(target) && allocate !== 'uniform');
  return [...rankGroups({ select, compensate, seed, curves, scores }, { network, coupled, layers, measures })].filter((ranking) => ranking !== undefined);
}

/**
 * Groups that may be cut as the rule ranks them, one after another; undefined where it only pauses, so
 * that a worker can attend to other things. With `curves`, each has the fidelity and the error of its best k channels
 * under the request's compensation; empty where no consumer has a Gram. Scores of a search (greedy,
 * backward, exact) count down from the number of channels; a group without a Gram has its singleton
 * scores.
 *
 * @throws MissingScoresError
 */
export function* rankGroups(request: RankingRequest, input: RankingInput): Generator<Ranking | undefined> {
  const { select, compensate, curves } = request;
  const scoresOf = scoring(request, input);
  for (const group of prunableGroups(input.coupled.groups)) {
    const { name, channels, parts } = group;
    const readers = input.layers.filter(({ inputs }) => inputs.groups.some((read) => read.name === name));
    const found = select === 'exact' ? yield* groupSearch(name, readers, input.measures, searchFit(compensate)) : undefined;
    const scores = found && found.order.length > 0 ? countdown(found.order) : scoresOf(group, readers);
    const sets = found && found.sets.length > 0 ? { sets: found.sets } : {};
    const kept = !curves
      ? {}
      : sets.sets
        ? setCurves(name, sets.sets, readers, input.measures, fitOf(compensate))
        : groupCurves(name, channelOrder(scores), readers, input.measures, fitOf(compensate));
    yield { name, channels, scores, ...sets, ...kept, parts };
  }
}

/** How the rule scores one group, of which `readers` are the layers that read it. */
function scoring(request: RankingRequest, input: RankingInput): (group: CouplingGroup, readers: readonly ConsumerLayer[]) => Float64Array {
  const { select, compensate, seed, scores } = request;
  const fit = searchFit(compensate);
  const criterionInput = { ...input, seed, fit: fit === 'scale' ? fit : 'leastSquares' } as const;
  if (select === 'greedy' || select === 'backward' || select === 'exact') {
    let singleton: GroupScoreMap | undefined;
    return ({ name, channels }, readers) => {
      const order = select === 'exact' ? [] : groupOrder(name, readers, input.measures, { rule: select, fit });
      if (order.length > 0) return countdown(order);
      singleton ??= singletonScoresByGroup(criterionInput);
      return singleton.get(name) ?? new Float64Array(channels);
    };
  }
  if (isScoredByNetwork(select)) {
    if (!scores) throw new MissingScoresError(select);
    return ({ name, channels }) => {
      const own = scores[name];
      if (own?.length !== channels) throw new MissingScoresError(select, name);
      return Float64Array.from(own);
    };
  }
  const criterion = CRITERIA[select];
  if (select === 'singleton' || SELECTION_RULES[select].scoredBy === 'weights') {
    // Quick, and a seed's sequence runs through all groups.
    const all = criterion(criterionInput);
    return ({ name, channels }) => all.get(name) ?? new Float64Array(channels);
  }
  return (group, readers) => {
    const coupled = { ...input.coupled, groups: [group] };
    return criterion({ ...criterionInput, coupled, layers: readers }).get(group.name) ?? new Float64Array(group.channels);
  };
}

/** The fit that a search looks ahead to: what follows if it is one, else the paper's. */
function searchFit(compensate: Compensation): Fit {
  const fit = fitOf(compensate);
  return fit === 'none' ? 'scale' : fit;
}

function isScoredByNetwork(select: Selection): select is SelectionScoredBy<'network'> {
  return SELECTION_RULES[select].scoredBy === 'network';
}

function countdown(order: readonly number[]): Float64Array {
  const scores = new Float64Array(order.length);
  order.forEach((channel, k) => (scores[channel] = order.length - k));
  return scores;
}
