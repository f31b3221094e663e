import type { Coupling } from '../../network/coupling.ts';
import type { CouplingGroup } from '../../network/couplingGroup.ts';
import { isConsumer, nodeById, type ConsumerNode, type Network } from '../../network/network.ts';

/**
 * Per channel of the group: `values(producer)`, one number for each output feature, summed over all
 * features of all producers that belong to the channel. Zeros where nothing produces the group.
 */
export function sumOverProducers(
  network: Network,
  { features }: Coupling,
  group: CouplingGroup,
  values: (producer: ConsumerNode) => Float64Array,
): Float64Array {
  const sum = new Float64Array(group.channels);
  for (const id of group.producers) {
    const producer = nodeById(network, id);
    const made = features.get(id);
    if (!isConsumer(producer) || !made) continue;
    values(producer).forEach((value, feature) => {
      if (made.groups[made.group[feature]].name === group.name) sum[made.component[feature]] += value;
    });
  }
  return sum;
}
