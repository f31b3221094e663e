import type { LayerStatistics } from '../fidelity/layerStatistics.ts';
import type { ConsumerLayer } from './consumerLayers.ts';
import type { LayerMeasures } from './statisticsStore.ts';

/** A layer that reads a group, as the group sees it. */
export interface GroupConsumer {
  readonly statistics: LayerStatistics;
  /** Channel of the group → the layer's inputs that belong to it (none, one or several). */
  readonly inputsOf: readonly (readonly number[])[];
  /** The layer's inputs that belong to other groups: they count as kept. */
  readonly others: readonly number[];
}

/** The layers that read the group and have a Gram. */
export function groupConsumers(group: string, layers: readonly ConsumerLayer[], measures: LayerMeasures): GroupConsumer[] {
  return layers.flatMap(({ id, inputs }) => {
    const statistics = measures.statistics.get(id);
    const index = inputs.groups.findIndex(({ name }) => name === group);
    if (!statistics || index < 0) return [];
    const inputsOf = Array.from({ length: inputs.groups[index].channels }, (): number[] => []);
    const others: number[] = [];
    inputs.group.forEach((of, i) => (of === index ? inputsOf[inputs.component[i]] : others).push(i));
    return others.length === inputs.group.length ? [] : [{ statistics, inputsOf, others }];
  });
}

/** What a consumer's errors are divided by, so that consumers count alike: `Σ_c e_c`, or 1 where there is none. */
export function outputEnergy({ energy }: LayerStatistics): number {
  return energy.reduce((sum, e) => sum + e, 0) || 1;
}
