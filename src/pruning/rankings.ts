import type { LayerStatistics } from '../fidelity/layerStatistics.ts';
import { seededRandom } from '../fidelity/random.ts';
import { l1Norm } from '../fidelity/selection/l1Norm.ts';
import { l2Norm } from '../fidelity/selection/l2Norm.ts';
import { randomScores } from '../fidelity/selection/random.ts';
import type { CouplingGroup } from '../network/couplingGroup.ts';
import { nodeById, type Network } from '../network/network.ts';
import type { ConsumerLayer } from './consumerLayers.ts';
import { channelOrder, groupCurve, groupScores } from './groupFidelity.ts';
import { prunableGroups, type Ranking } from './keepSets.ts';
import type { PruneRequest } from './pruneRequest.ts';

/** Per channel of the group: the L1 or L2 norms of its producers' filters, summed over producers (Li et al. 2017). */
export function normScores(network: Network, group: CouplingGroup, norm: 'l1' | 'l2'): Float64Array {
  const sum = new Float64Array(group.channels);
  for (const id of group.producers) {
    const producer = nodeById(network, id);
    if (producer.op !== 'conv2d' && producer.op !== 'dense') continue;
    const { values, shape } = producer.weights.kernel;
    (norm === 'l1' ? l1Norm : l2Norm)(values, shape).forEach((value, i) => (sum[i] += value));
  }
  return sum;
}

/** Seeded uniform scores for every group that may be cut, in order: the random baseline. */
export function randomGroupScores(groups: readonly CouplingGroup[], seed: number): Map<string, Float64Array> {
  const random = seededRandom(seed);
  return new Map(prunableGroups(groups).map(({ name, channels }) => [name, randomScores(channels, random)]));
}

/** The rankings that a request's selection rests on, with curves where its target needs them. */
export function rankingsFor(
  request: PruneRequest,
  network: Network,
  groups: readonly CouplingGroup[],
  layers: readonly ConsumerLayer[],
  statistics: ReadonlyMap<string, LayerStatistics>,
): Ranking[] {
  const scores = selectionScores(request, network, groups, layers, statistics);
  return prunableGroups(groups).map(({ name, channels }) => {
    const own = scores.get(name) ?? new Float64Array(channels);
    const curve =
      request.target.kind === 'eta'
        ? groupCurve(name, channelOrder(own), layers, statistics, request.compensate === 'leastSquares' ? 'leastSquares' : 'scale')
        : undefined;
    return { name, channels, scores: own, curve };
  });
}

function selectionScores(
  { select, seed }: PruneRequest,
  network: Network,
  groups: readonly CouplingGroup[],
  layers: readonly ConsumerLayer[],
  statistics: ReadonlyMap<string, LayerStatistics>,
): ReadonlyMap<string, Float64Array> {
  switch (select) {
    case 'singleton':
      return new Map(groupScores(layers, statistics).map(({ name, singleton }) => [name, singleton]));
    case 'random':
      return randomGroupScores(groups, seed);
    case 'l1':
    case 'l2':
      return new Map(prunableGroups(groups).map((group) => [group.name, normScores(network, group, select)]));
  }
}
