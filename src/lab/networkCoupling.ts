import { coupling, type Coupling } from '../network/coupling.ts';
import type { Network } from '../network/network.ts';

const known = new WeakMap<Network, Coupling>();

/** The network's coupling with the features of its nodes, worked out once. */
export function networkCoupling(network: Network): Coupling {
  const made = known.get(network) ?? coupling(network);
  known.set(network, made);
  return made;
}
