import type { Coupling } from '../../network/coupling.ts';
import type { FeatureMap } from '../../network/couplingGroup.ts';
import { isConsumer, type ConsumerNode, type Network } from '../../network/network.ts';
import type { GroupScoreMap } from '../../pruning/criteria/criterion.ts';
import { prunableGroups } from '../../pruning/keepSets.ts';

/**
 * A consumer's input, where channels of groups that may be cut are read. Cutting a channel is the same
 * as a zero at all of its reads: norms, gates and adds on the way there have no say any more.
 */
export interface GroupRead {
  readonly node: ConsumerNode;
  /** The features of the value that is read. */
  readonly features: FeatureMap;
}

/** All reads, in execution order. */
export function groupReads(network: Network, { features }: Coupling): GroupRead[] {
  return network.nodes.flatMap((node) => {
    const read = isConsumer(node) ? features.get(node.inputs[0]) : undefined;
    return isConsumer(node) && read?.groups.some(({ frozen }) => frozen === undefined) ? [{ node, features: read }] : [];
  });
}

/** Sums values of features into a score for each channel of every group that may be cut. */
export class ChannelSums {
  readonly #sums: Map<string, Float64Array>;

  constructor({ groups }: Coupling) {
    this.#sums = new Map(prunableGroups(groups).map(({ name, channels }) => [name, new Float64Array(channels)]));
  }

  /** Adds `factor` times one value for each feature. */
  add({ groups, group, component }: FeatureMap, values: ArrayLike<number>, factor = 1): void {
    for (let f = 0; f < group.length; f++) {
      const sum = this.#sums.get(groups[group[f]].name);
      if (sum) sum[component[f]] += factor * values[f];
    }
  }

  get scores(): GroupScoreMap {
    return this.#sums;
  }
}
