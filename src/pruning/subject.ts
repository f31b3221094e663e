import { coupling, type Coupling } from '../network/coupling.ts';
import type { Network } from '../network/network.ts';
import { consumerLayers, type ConsumerLayer } from './consumerLayers.ts';
import { prunableGroups } from './keepSets.ts';

/** A network with what pruning needs to know of it. */
export interface Subject {
  readonly network: Network;
  readonly coupled: Coupling;
  readonly layers: readonly ConsumerLayer[];
}

export class NothingToPruneError extends Error {
  override readonly name = 'NothingToPruneError';
}

/** @throws NothingToPruneError where every group is frozen, saying why */
export function subjectOf(network: Network): Subject {
  const coupled = coupling(network);
  if (prunableGroups(coupled.groups).length === 0) {
    const reasons = coupled.groups.map(({ name, frozen }) => `${name}: ${frozen}`).join('; ');
    throw new NothingToPruneError(`Nothing in "${network.name}" can be pruned (${reasons}).`);
  }
  return { network, coupled, layers: consumerLayers(network, coupled) };
}
