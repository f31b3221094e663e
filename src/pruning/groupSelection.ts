import type { Fit, Reader } from '../fidelity/selection/blockRegression.ts';
import { backwardOrder, greedyOrder } from '../fidelity/selection/componentOrder.ts';
import { exactSearch, MOST_EXACT } from '../fidelity/selection/exactSets.ts';
import type { ConsumerLayer } from './consumerLayers.ts';
import { groupConsumers } from './groupConsumers.ts';
import { affordableOutputs, groupCurve, groupScores } from './groupFidelity.ts';
import type { LayerMeasures } from './statisticsStore.ts';

/** How the channels of a group are searched for the subset that serves its consumers best. */
export interface GroupSearch {
  /** Forward greedy, or backward elimination. */
  readonly rule: 'greedy' | 'backward';
  /** The compensation whose fidelity is searched on. */
  readonly fit: Fit;
  /** Layer id → how much its fidelity counts. Default 1. */
  readonly weights?: ReadonlyMap<string, number>;
}

/** The best channels of a group for every number of them. */
export interface GroupSets {
  /** `sets[k − 1]`: k channels, ascending. */
  readonly sets: readonly (readonly number[])[];
  /** Whether each of them is known to be the best of its size. */
  readonly optimal: boolean;
  /** The order whose first k come nearest to them over all k, best first. */
  readonly order: readonly number[];
}

/**
 * Channels of the group, best first: searched on the sum over its consumers of their layer fidelity,
 * each normalised by its own target's energy, with a consumer's inputs of other groups kept. Works on
 * one-shot and on sequential statistics alike. Under `'scale'`, very wide layers are judged by a
 * fixed sample of their outputs.
 *
 * @returns all channels, of which the last removed by `backward` is the first; empty where no consumer has a Gram
 */
export function groupOrder(group: string, layers: readonly ConsumerLayer[], measures: LayerMeasures, { rule, fit, weights }: GroupSearch): number[] {
  const { readers, channels } = readersOf(group, layers, measures, fit, weights);
  if (readers.length === 0) return [];
  return (rule === 'greedy' ? greedyOrder : backwardOrder)(readers, channels, fit);
}

/**
 * For every k the k channels of greatest fidelity: by branch and bound where the group has at most 24
 * channels, started from greedy, backward and singleton sets; beyond, the better of greedy and
 * backward at each k, `optimal: false`.
 *
 * @param nodes as `ExactOptions.nodes`
 * @returns empty lists where no consumer has a Gram
 */
export function groupSets(group: string, layers: readonly ConsumerLayer[], measures: LayerMeasures, fit: Fit, nodes?: number): GroupSets {
  const search = groupSearch(group, layers, measures, fit, nodes);
  let step = search.next();
  while (step.done !== true) step = search.next();
  return step.value;
}

/** `groupSets`, yielding now and then, so that a worker can attend to other things in between. */
export function* groupSearch(
  group: string,
  layers: readonly ConsumerLayer[],
  measures: LayerMeasures,
  fit: Fit,
  nodes?: number,
): Generator<undefined, GroupSets> {
  const { readers, channels } = readersOf(group, layers, measures, fit);
  if (readers.length === 0) return { sets: [], optimal: false, order: [] };
  const orders = [greedyOrder(readers, channels, fit)];
  yield;
  orders.push(backwardOrder(readers, channels, fit));
  yield;
  const curves = orders.map((order) => groupCurve(group, order, layers, measures, fit));
  const [forwards, backwards] = curves.map((curve) => curve.reduce((sum, fidelity) => sum + fidelity, 0));
  const order = forwards >= backwards ? orders[0] : orders[1];
  if (channels > MOST_EXACT) {
    const sets = Array.from({ length: channels }, (_, k) => orders[curves[0][k] >= curves[1][k] ? 0 : 1].slice(0, k + 1).sort((a, b) => a - b));
    return { sets, optimal: false, order };
  }
  const singleton = singletonOrderOf(group, layers, measures);
  const { sets, optimal } = yield* exactSearch(readers, channels, fit, { seeds: singleton ? [...orders, singleton] : orders, nodes });
  return { sets, optimal, order };
}

function readersOf(
  group: string,
  layers: readonly ConsumerLayer[],
  measures: LayerMeasures,
  fit: Fit,
  weights?: ReadonlyMap<string, number>,
): { readonly readers: readonly Reader[]; readonly channels: number } {
  const readers = layers.flatMap((layer): Reader[] => {
    const weight = weights?.get(layer.id);
    return groupConsumers(group, [layer], measures).map((consumer) => ({
      ...consumer,
      ...(weight !== undefined && { weight }),
      outputs: fit === 'scale' ? affordableOutputs(consumer.statistics) : undefined,
    }));
  });
  return { readers, channels: readers[0]?.inputsOf?.length ?? 0 };
}

function singletonOrderOf(group: string, layers: readonly ConsumerLayer[], measures: LayerMeasures): number[] | undefined {
  const scores = groupScores(layers.filter(({ inputs }) => inputs.groups.some(({ name }) => name === group)), measures)
    .find(({ name }) => name === group)?.singleton;
  return scores && Array.from(scores.keys()).sort((a, b) => scores[b] - scores[a] || a - b);
}
