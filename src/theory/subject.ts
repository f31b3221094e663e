import { calibrate } from '../engine/calibrate.ts';
import type { ImageSource } from '../engine/imageSource.ts';
import type { Job } from '../engine/job.ts';
import type { Correlator } from '../engine/kernels/correlator.ts';
import { coupling, type Coupling } from '../network/coupling.ts';
import type { Network } from '../network/network.ts';
import { consumerLayers, type ConsumerLayer } from '../pruning/consumerLayers.ts';
import { groupScores } from '../pruning/groupFidelity.ts';
import { prunableGroups, type Ranking } from '../pruning/keepSets.ts';
import { StatisticsStore, type LayerMeasures } from '../pruning/statisticsStore.ts';

/** A network with what the experiments need to know of it. */
export interface Subject {
  readonly network: Network;
  readonly coupled: Coupling;
  readonly layers: readonly ConsumerLayer[];
}

export class NothingToMeasureError extends Error {
  override readonly name = 'NothingToMeasureError';
}

/** @throws NothingToMeasureError where every group is frozen, saying why */
export function subjectOf(network: Network): Subject {
  const coupled = coupling(network);
  if (prunableGroups(coupled.groups).length === 0) {
    const reasons = coupled.groups.map(({ name, frozen }) => `${name}: ${frozen}`).join('; ');
    throw new NothingToMeasureError(`No group of "${network.name}" can be cut, so there is nothing to measure (${reasons}).`);
  }
  return { network, coupled, layers: consumerLayers(network, coupled) };
}

/** The statistics of every consumer layer on the intact network. */
export async function measuresOf(
  { network, layers }: Subject,
  images: ImageSource,
  correlator: Correlator | undefined,
  job: Job,
): Promise<LayerMeasures> {
  const store = new StatisticsStore(layers);
  await calibrate(network, layers, images, correlator, (batch) => store.add(batch), job);
  return store.measures();
}

/** Every group that may be cut as the paper's rule ranks it: by singleton fidelity. */
export function singletonRankings({ coupled, layers }: Subject, measures: LayerMeasures): Ranking[] {
  const scores = new Map(groupScores(layers, measures).map(({ name, singleton }) => [name, singleton]));
  return prunableGroups(coupled.groups).map(({ name, channels, parts }) => ({
    name,
    channels,
    scores: scores.get(name) ?? new Float64Array(channels),
    ...(parts ? { parts } : {}),
  }));
}
