import { bandOf, nestedCurves, type MonteCarloBand } from '../fidelity/monteCarloBand.ts';
import { permutation, sampleIndices, seededRandom } from '../fidelity/random.ts';
import { forwardGreedy } from '../fidelity/selection/forwardGreedy.ts';
import { fidelityCurve } from '../fidelity/fidelityCurve.ts';
import type { LayerStatistics } from '../fidelity/layerStatistics.ts';
import { orderByScore } from '../fidelity/selection/topK.ts';
import { singletonScores } from '../fidelity/singletonFidelity.ts';
import type { ConsumerLayer } from './consumerLayers.ts';

/** What the statistics say of one group, over all of its consumers. */
export interface GroupScores {
  readonly name: string;
  /** Per channel: the sum over consumers of the layer-level singleton fidelity. */
  readonly singleton: Float64Array;
}

/** Groups in the order of their first consumer. */
export function groupScores(
  layers: readonly ConsumerLayer[],
  statistics: ReadonlyMap<string, LayerStatistics>,
): GroupScores[] {
  const groups = new Map<string, Float64Array>();
  for (const { node, group, n } of layers) {
    const layer = statistics.get(node.id);
    if (!layer) continue;
    const sum = groups.get(group.name) ?? new Float64Array(n);
    singletonScores(layer).forEach((score, i) => (sum[i] += score));
    groups.set(group.name, sum);
  }
  return [...groups].map(([name, singleton]) => ({ name, singleton }));
}

/** Mean over the group's consumers of FS of the first k channels of `order`, k = 1..channels. */
export function groupCurve(
  group: string,
  order: ArrayLike<number>,
  layers: readonly ConsumerLayer[],
  statistics: ReadonlyMap<string, LayerStatistics>,
  compensation: 'scale' | 'leastSquares',
): Float64Array {
  const mean = new Float64Array(order.length);
  const consumers = statisticsOf(group, layers, statistics);
  for (const layer of consumers) {
    fidelityCurve(layer, order, compensation).forEach((fs, k) => (mean[k] += fs / consumers.length));
  }
  return mean;
}

/** Outputs of each consumer that the band is computed on; more change it little and cost in proportion. */
const BAND_OUTPUTS = 16;

/**
 * How FS (scale) of random subsets of the group's channels is distributed, mean over consumers.
 * Each consumer counts by a seeded sample of at most 16 of its outputs.
 */
export function groupBand(
  group: string,
  layers: readonly ConsumerLayer[],
  statistics: ReadonlyMap<string, LayerStatistics>,
  permutations: number,
  seed: number,
): MonteCarloBand {
  const random = seededRandom(seed);
  const consumers = statisticsOf(group, layers, statistics);
  const n = consumers[0]?.n ?? 0;
  const orders = Array.from({ length: permutations }, () => permutation(n, random));
  const means = orders.map(() => new Float64Array(n));
  for (const layer of consumers) {
    const outputs = sampleIndices(layer.m, Math.min(BAND_OUTPUTS, layer.m), random);
    nestedCurves(layer, orders, { outputs }).forEach((curve, at) => {
      for (let k = 0; k < n; k++) means[at][k] += curve[k] / consumers.length;
    });
  }
  return bandOf(means);
}

/** FS (scale) of the channels chosen by forward greedy; empty where several layers read the group. */
export function groupGreedy(
  group: string,
  layers: readonly ConsumerLayer[],
  statistics: ReadonlyMap<string, LayerStatistics>,
): Float64Array {
  const consumers = statisticsOf(group, layers, statistics);
  if (consumers.length !== 1) return new Float64Array(0);
  return fidelityCurve(consumers[0], forwardGreedy(consumers[0]), 'scale');
}

function statisticsOf(
  group: string,
  layers: readonly ConsumerLayer[],
  statistics: ReadonlyMap<string, LayerStatistics>,
): LayerStatistics[] {
  return layers.flatMap(({ node, group: { name } }) => {
    const layer = statistics.get(node.id);
    return name === group && layer ? [layer] : [];
  });
}

/** Channels by falling score. */
export function channelOrder(scores: ArrayLike<number>): number[] {
  return orderByScore(scores);
}
