import { bandOf, nestedCurves, type MonteCarloBand } from '../fidelity/monteCarloBand.ts';
import { permutation, sampleIndices, seededRandom } from '../fidelity/random.ts';
import { forwardGreedy } from '../fidelity/selection/forwardGreedy.ts';
import { fidelityCurve } from '../fidelity/fidelityCurve.ts';
import type { LayerStatistics } from '../fidelity/layerStatistics.ts';
import { orderByScore } from '../fidelity/selection/topK.ts';
import { singletonScores } from '../fidelity/singletonFidelity.ts';
import type { ConsumerLayer } from './consumerLayers.ts';
import type { LayerMeasures } from './statisticsStore.ts';

/** What the statistics say of one group, over all of its consumers. */
export interface GroupScores {
  readonly name: string;
  /** Per channel: the sum over consumers of the layer-level singleton fidelity. */
  readonly singleton: Float64Array;
}

/**
 * Groups that may be cut, in the order of their first consumer. A component that several inputs of a
 * layer belong to has the sum of their scores.
 */
export function groupScores(layers: readonly ConsumerLayer[], measures: LayerMeasures): GroupScores[] {
  const groups = new Map<string, Float64Array>();
  for (const { id, inputs } of layers) {
    const layer = measures.statistics.get(id);
    const scores = layer ? singletonScores(layer) : measures.contributions.get(id);
    if (!scores) continue;
    scores.forEach((score, i) => {
      const { name, channels, frozen } = inputs.groups[inputs.group[i]];
      if (frozen !== undefined) return;
      const sum = groups.get(name) ?? new Float64Array(channels);
      sum[inputs.component[i]] += score;
      groups.set(name, sum);
    });
  }
  return [...groups].map(([name, singleton]) => ({ name, singleton }));
}

/**
 * Mean over the group's consumers of FS of the first k channels of `order`, k = 1..channels. Inputs
 * of other groups count as kept. Empty where no consumer has a Gram. `scale` takes a fixed sample of a
 * very wide layer's outputs.
 */
export function groupCurve(
  group: string,
  order: ArrayLike<number>,
  layers: readonly ConsumerLayer[],
  measures: LayerMeasures,
  compensation: 'scale' | 'leastSquares',
): Float64Array {
  return meanOf(consumersOf(group, layers, measures).map((consumer) => {
    const prefixes = prefixesOf(consumer, order);
    const outputs = compensation === 'scale' ? affordableOutputs(consumer.statistics) : undefined;
    return prefixes.of(fidelityCurve(consumer.statistics, prefixes.inputs, compensation, { outputs }));
  }));
}

/** Multiply-adds that one curve may take; wider layers are judged by a sample of their outputs. */
const MOST_CURVE_WORK = 2e9;

function affordableOutputs({ n, p, m }: LayerStatistics): number[] | undefined {
  const perOutput = (n * p) ** 2 / 2 + n ** 3 / 6;
  const count = Math.max(BAND_OUTPUTS, Math.floor(MOST_CURVE_WORK / perOutput));
  return count < m ? sampleIndices(m, count, seededRandom(1)) : undefined;
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
  measures: LayerMeasures,
  permutations: number,
  seed: number,
): MonteCarloBand {
  const random = seededRandom(seed);
  const consumers = consumersOf(group, layers, measures);
  const n = consumers[0]?.channels ?? 0;
  const orders = Array.from({ length: permutations }, () => permutation(n, random));
  const means = orders.map(() => new Float64Array(n));
  for (const consumer of consumers) {
    const { m } = consumer.statistics;
    const outputs = sampleIndices(m, Math.min(BAND_OUTPUTS, m), random);
    const prefixes = orders.map((order) => prefixesOf(consumer, order));
    nestedCurves(consumer.statistics, prefixes.map(({ inputs }) => inputs), { outputs }).forEach((curve, at) => {
      const own = prefixes[at].of(curve);
      for (let k = 0; k < n; k++) means[at][k] += own[k] / consumers.length;
    });
  }
  return bandOf(means);
}

/** FS (scale) of the channels chosen by forward greedy; empty unless one layer reads the group, and nothing else. */
export function groupGreedy(group: string, layers: readonly ConsumerLayer[], measures: LayerMeasures): Float64Array {
  const [consumer, ...more] = consumersOf(group, layers, measures);
  if (!consumer || more.length > 0 || consumer.statistics.n !== consumer.channels) return new Float64Array(0);
  return fidelityCurve(consumer.statistics, forwardGreedy(consumer.statistics), 'scale');
}

interface Consumer {
  readonly statistics: LayerStatistics;
  /** Components of the group. */
  readonly channels: number;
  /** Component → the layer's inputs that belong to it. */
  readonly inputsOf: readonly (readonly number[])[];
  /** The layer's inputs that belong to other groups. */
  readonly others: readonly number[];
}

function consumersOf(group: string, layers: readonly ConsumerLayer[], measures: LayerMeasures): Consumer[] {
  return layers.flatMap(({ id, inputs }) => {
    const statistics = measures.statistics.get(id);
    const index = inputs.groups.findIndex(({ name }) => name === group);
    if (index < 0 || !statistics) return [];
    const { channels } = inputs.groups[index];
    const inputsOf = Array.from({ length: channels }, (): number[] => []);
    const others: number[] = [];
    inputs.group.forEach((of, i) => (of === index ? inputsOf[inputs.component[i]] : others).push(i));
    return others.length === inputs.group.length ? [] : [{ statistics, channels, inputsOf, others }];
  });
}

/** An order of channels as an order of a layer's inputs, all others first; `of` picks a curve's values after each channel. */
function prefixesOf({ inputsOf, others }: Consumer, order: ArrayLike<number>) {
  const inputs = [...others];
  const ends = Array.from(order, (channel) => inputs.push(...inputsOf[channel]));
  return {
    inputs,
    of: (curve: Float64Array): Float64Array => Float64Array.from(ends, (end) => (end === 0 ? 0 : curve[end - 1])),
  };
}

function meanOf(curves: readonly Float64Array[]): Float64Array {
  const mean = new Float64Array(curves[0]?.length ?? 0);
  for (const curve of curves) curve.forEach((value, k) => (mean[k] += value / curves.length));
  return mean;
}

/** Channels by falling score. */
export function channelOrder(scores: ArrayLike<number>): number[] {
  return orderByScore(scores);
}
