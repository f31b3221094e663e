import { seededRandom } from '../fidelity/random.ts';
import { l1Norm } from '../fidelity/selection/l1Norm.ts';
import { l2Norm } from '../fidelity/selection/l2Norm.ts';
import { randomScores } from '../fidelity/selection/random.ts';
import type { CouplingGroup } from '../network/couplingGroup.ts';
import type { Coupling } from '../network/coupling.ts';
import { isConsumer, nodeById, type ConsumerNode, type Network, type Weight } from '../network/network.ts';
import type { ConsumerLayer } from './consumerLayers.ts';
import { channelOrder, groupCurve, groupScores } from './groupFidelity.ts';
import { prunableGroups, type Ranking } from './keepSets.ts';
import type { PruneRequest } from './pruneRequest.ts';
import type { LayerMeasures } from './statisticsStore.ts';

/**
 * Per channel of the group: the L1 or L2 norms of the filters that make it, summed over producers
 * (Li et al. 2017).
 */
export function normScores(network: Network, { features }: Coupling, group: CouplingGroup, norm: 'l1' | 'l2'): Float64Array {
  const sum = new Float64Array(group.channels);
  for (const id of group.producers) {
    const producer = nodeById(network, id);
    const made = features.get(id);
    if (!isConsumer(producer) || !made) continue;
    const { values, shape } = filters(producer);
    (norm === 'l1' ? l1Norm : l2Norm)(values, shape).forEach((value, c) => {
      if (made.groups[made.group[c]].name === group.name) sum[made.component[c]] += value;
    });
  }
  return sum;
}

/** A producer's kernel with its outputs on the last axis. */
function filters(producer: ConsumerNode): Weight {
  const { kernel } = producer.weights;
  if (producer.op !== 'transposedConv2d') return kernel;
  const [height, width, outputs, inputs] = kernel.shape;
  const values = kernel.values.map((_, at) => {
    const [offset, i, c] = [Math.floor(at / (inputs * outputs)), Math.floor(at / outputs) % inputs, at % outputs];
    return kernel.values[(offset * outputs + c) * inputs + i];
  });
  return { shape: [height, width, inputs, outputs], values };
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
  coupled: Coupling,
  layers: readonly ConsumerLayer[],
  measures: LayerMeasures,
): Ranking[] {
  const scores = selectionScores(request, network, coupled, layers, measures);
  return prunableGroups(coupled.groups).map(({ name, channels, parts }) => {
    const own = scores.get(name) ?? new Float64Array(channels);
    const curve =
      request.target.kind === 'eta'
        ? groupCurve(name, channelOrder(own), layers, measures, request.compensate === 'leastSquares' ? 'leastSquares' : 'scale')
        : undefined;
    return { name, channels, scores: own, curve, parts };
  });
}

function selectionScores(
  { select, seed }: PruneRequest,
  network: Network,
  coupled: Coupling,
  layers: readonly ConsumerLayer[],
  measures: LayerMeasures,
): ReadonlyMap<string, Float64Array> {
  switch (select) {
    case 'singleton':
      return new Map(groupScores(layers, measures).map(({ name, singleton }) => [name, singleton]));
    case 'random':
      return randomGroupScores(coupled.groups, seed);
    case 'l1':
    case 'l2':
      return new Map(prunableGroups(coupled.groups).map((group) => [group.name, normScores(network, coupled, group, select)]));
  }
}
