import type { Compensation } from '../fidelity/compensationMethod.ts';
import { curveOf, nestedErrors } from '../fidelity/fidelityCurve.ts';
import type { LayerStatistics } from '../fidelity/layerStatistics.ts';
import { bandOf, nestedCurves, type MonteCarloBand } from '../fidelity/monteCarloBand.ts';
import { permutation, sampleIndices, seededRandom } from '../fidelity/random.ts';
import { orderByScore } from '../fidelity/selection/topK.ts';
import { singletonScores } from '../fidelity/singletonFidelity.ts';
import { subsetFidelity } from '../fidelity/subsetFidelity.ts';
import type { ConsumerLayer } from './consumerLayers.ts';
import { groupConsumers, type GroupConsumer } from './groupConsumers.ts';
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

/** How well the channels that stay rebuild what the group's consumers compute, k = 1..channels; empty where none has a Gram. */
export interface GroupCurves {
  /** Mean over consumers of the layer fidelity. */
  readonly curve: Float64Array;
  /** Sum over consumers of `E‖Y − Ŷ‖²`. */
  readonly error: Float64Array;
}

/**
 * Both curves of the first k channels of `order`. Inputs of other groups count as kept. `none` and
 * `scale` take a fixed sample of a very wide layer's outputs.
 */
export function groupCurves(
  group: string,
  order: ArrayLike<number>,
  layers: readonly ConsumerLayer[],
  measures: LayerMeasures,
  compensation: Compensation,
): GroupCurves {
  return joined(groupConsumers(group, layers, measures).map((consumer) => {
    const { statistics } = consumer;
    const prefixes = prefixesOf(consumer, order);
    const outputs = compensation === 'none' || compensation === 'scale' ? affordableOutputs(statistics) : undefined;
    const { error, energy } = nestedErrors(statistics, prefixes.inputs, compensation, { outputs });
    const total = energyOf(statistics);
    const nothing = prefixes.isEmptyAtFirst ? subsetFidelity(statistics, [], compensation) : 0;
    if (compensation === 'none') {
      // What a sample of outputs loses stands for the share that all of them lose.
      const scale = energy > 0 ? total / energy : 0;
      return curvesOf(prefixes.of(error, energy).map((value) => Math.max(0, value * scale)), total);
    }
    const curve = prefixes.of(curveOf(error, energy, true), nothing);
    return { curve, error: curve.map((fidelity) => (1 - fidelity) * total) };
  }));
}

/** Both curves where the best k channels are `sets[k − 1]`: sets that need not be nested. */
export function setCurves(
  group: string,
  sets: readonly (readonly number[])[],
  layers: readonly ConsumerLayer[],
  measures: LayerMeasures,
  compensation: Compensation,
): GroupCurves {
  return joined(groupConsumers(group, layers, measures).map(({ statistics, inputsOf, others }) => {
    const energy = energyOf(statistics);
    return curvesOf(
      Float64Array.from(sets, (set) => {
        const inputs = [...others, ...set.flatMap((channel) => [...inputsOf[channel]])];
        return (1 - subsetFidelity(statistics, inputs, compensation)) * energy;
      }),
      energy,
    );
  }));
}

/** `GroupCurves.curve` alone. */
export function groupCurve(
  group: string,
  order: ArrayLike<number>,
  layers: readonly ConsumerLayer[],
  measures: LayerMeasures,
  compensation: Compensation,
): Float64Array {
  return groupCurves(group, order, layers, measures, compensation).curve;
}

function curvesOf(error: Float64Array, energy: number): GroupCurves {
  return { error, curve: error.map((value) => (energy > 0 ? Math.max(0, 1 - value / energy) : 0)) };
}

function joined(consumers: readonly GroupCurves[]): GroupCurves {
  const length = consumers[0]?.curve.length ?? 0;
  const curve = new Float64Array(length);
  const error = new Float64Array(length);
  for (const consumer of consumers) {
    for (let k = 0; k < length; k++) {
      curve[k] += consumer.curve[k] / consumers.length;
      error[k] += consumer.error[k];
    }
  }
  return { curve, error };
}

/** Multiply-adds that one layer's curve or order may take; wider layers are judged by a sample of their outputs. */
const MOST_OUTPUT_WORK = 2e9;
/** Bytes that the pair energies of a layer's outputs may take at a time. */
const MOST_OUTPUT_BYTES = 2 ** 29;
const LEAST_OUTPUTS = 16;

/** The fixed sample of outputs that a fit of each output by itself can afford; undefined: all of them. */
export function affordableOutputs({ n, p, m }: LayerStatistics): number[] | undefined {
  // With one weight a component, one factorisation serves every output.
  const perOutput = p === 1 ? n ** 2 / 2 : (n * p) ** 2 / 2 + n ** 3 / 6;
  const byMemory = p === 1 ? m : Math.floor(MOST_OUTPUT_BYTES / (16 * n * n));
  const count = Math.max(LEAST_OUTPUTS, Math.min(Math.floor(MOST_OUTPUT_WORK / perOutput), byMemory));
  return count < m ? sampleIndices(m, count, seededRandom(1)) : undefined;
}

/** How FS (scale) of random subsets of the group's channels is distributed, mean over consumers. */
export function groupBand(
  group: string,
  layers: readonly ConsumerLayer[],
  measures: LayerMeasures,
  permutations: number,
  seed: number,
): MonteCarloBand {
  const random = seededRandom(seed);
  const consumers = groupConsumers(group, layers, measures);
  const n = consumers[0]?.inputsOf.length ?? 0;
  const orders = Array.from({ length: permutations }, () => permutation(n, random));
  const means = orders.map(() => new Float64Array(n));
  for (const consumer of consumers) {
    const outputs = affordableOutputs(consumer.statistics);
    const prefixes = orders.map((order) => prefixesOf(consumer, order));
    nestedCurves(consumer.statistics, prefixes.map(({ inputs }) => inputs), { outputs }).forEach((curve, at) => {
      const own = prefixes[at].of(curve, 0);
      for (let k = 0; k < n; k++) means[at][k] += own[k] / consumers.length;
    });
  }
  return bandOf(means);
}

/** An order of channels as an order of a layer's inputs, all others first; `of` picks a curve's values after each channel. */
function prefixesOf({ inputsOf, others }: GroupConsumer, order: ArrayLike<number>) {
  const inputs = [...others];
  const ends = Array.from(order, (channel) => inputs.push(...inputsOf[channel]));
  return {
    inputs,
    /** Whether the first channel brings this layer no input at all. */
    isEmptyAtFirst: ends[0] === 0,
    of: (curve: Float64Array, before: number): Float64Array => Float64Array.from(ends, (end) => (end === 0 ? before : curve[end - 1])),
  };
}

/** Channels by falling score. */
export function channelOrder(scores: ArrayLike<number>): number[] {
  return orderByScore(scores);
}

function energyOf({ energy }: LayerStatistics): number {
  return energy.reduce((sum, e) => sum + e, 0);
}
