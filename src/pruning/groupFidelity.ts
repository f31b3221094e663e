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
  const consumers = layers.filter((layer) => layer.group.name === group);
  for (const { node } of consumers) {
    const layer = statistics.get(node.id);
    if (!layer) continue;
    fidelityCurve(layer, order, compensation).forEach((fs, k) => (mean[k] += fs / consumers.length));
  }
  return mean;
}

/** Channels by falling score. */
export function channelOrder(scores: ArrayLike<number>): number[] {
  return orderByScore(scores);
}
