import { logitsNode } from '../engine/criteria/logitsNode.ts';
import { computeLogits } from '../engine/evaluate.ts';
import { JobClock, silent, type Job } from '../engine/job.ts';
import { compensate } from '../fidelity/compensation.ts';
import { keptFeatures } from '../network/coupling.ts';
import type { ConsumerNode, Network, Weight } from '../network/network.ts';
import type { ConsumerLayer } from '../pruning/consumerLayers.ts';
import { channelOrder } from '../pruning/groupFidelity.ts';
import { prunableGroups } from '../pruning/keepSets.ts';
import { componentWeights, writeWeights } from '../pruning/layerWeights.ts';
import type { LayerMeasures } from '../pruning/statisticsStore.ts';
import { disposeValues, squaredDistance, valuesFor } from './forward.ts';
import type { BatchValues } from '../engine/batches.ts';
import { Phases } from './phases.ts';
import type { LocalGlobal, LocalGlobalPoint } from './results.ts';
import { measuresOf } from '../engine/calibrate.ts';
import { subjectOf } from '../pruning/subject.ts';
import { singletonRankings } from './singletonRankings.ts';
import { downstream, frontier, subnetwork, withNodes } from './subnetwork.ts';
import type { TheoryInput } from './theoryInput.ts';

/** Shares of a group's channels that are kept, one point each and compensation. */
export const LOCAL_GLOBAL_WIDTHS = [0.9, 0.75, 0.5, 0.25] as const;

/**
 * Theorem 3.1: cuts one group at a time, refits the layers that read it on the intact network's
 * statistics, and sets the error at their outputs against the error at the logits.
 *
 * Both errors are means over the calibration images, so they speak of one distribution, as the
 * theorem does. The cut is made by zeros in the readers' kernels, which is what surgery amounts to;
 * only what lies behind the first reader is run again. The group's channels stay by singleton fidelity.
 *
 * Memory: the values that the readers and all behind them take from before, for all images, one
 * group at a time. Time: with G groups, about `8 G / 2` forward passes of the images.
 */
export async function localGlobal({ network, calibration: images, correlator }: TheoryInput, job: Job = {}): Promise<LocalGlobal> {
  const subject = subjectOf(network);
  const groups = prunableGroups(subject.coupled.groups).length;
  const perGroup = 2 * LOCAL_GLOBAL_WIDTHS.length;
  const phases = new Phases(job, 4 + perGroup * groups);
  const measures = await measuresOf(subject, images, correlator, phases.next(3));
  const output = logitsNode(network);
  const intact = (await computeLogits({ ...network, outputs: [output] }, images, phases.next(1))).values;
  const points: LocalGlobalPoint[] = [];
  for (const { name, channels, scores } of singletonRankings(subject, measures)) {
    const readers = subject.layers.filter(({ inputs }) => inputs.groups.some((group) => group.name === name));
    const cuts = keptCounts(channels).flatMap((kept) => cutsOf(readers, measures, name, channelOrder(scores).slice(0, kept)));
    points.push(...(await measureCuts({ network, images, output, intact, group: name, channels }, cuts, phases.next(perGroup))));
  }
  return { experiment: 'localGlobal', images: images.count, points, slopes: slopesByGroup(points) };
}

interface Setting {
  readonly network: Network;
  readonly images: TheoryInput['calibration'];
  /** The node that the global error is measured at. */
  readonly output: string;
  /** Its values in the intact network, all images after one another. */
  readonly intact: Float32Array;
  readonly group: string;
  readonly channels: number;
}

/** One way to cut a group: its readers with their new kernels, and the local error as far as the statistics tell. */
interface Cut {
  readonly kept: number;
  readonly compensate: LocalGlobalPoint['compensate'];
  readonly readers: ReadonlyMap<string, ConsumerNode>;
  /** Over the readers that have a Gram; the others are measured by running them. */
  readonly local: number;
  readonly energy: number;
  readonly wide: readonly ConsumerLayer[];
}

function keptCounts(channels: number): number[] {
  const counts = LOCAL_GLOBAL_WIDTHS.map((share) => Math.max(1, Math.round(share * channels)));
  return [...new Set(counts)].filter((kept) => kept < channels);
}

function cutsOf(layers: readonly ConsumerLayer[], { statistics }: LayerMeasures, group: string, kept: readonly number[]): Cut[] {
  const wide = layers.filter(({ id }) => !statistics.has(id));
  const methods = wide.length === layers.length ? (['none'] as const) : (['scale', 'leastSquares'] as const);
  const keep = { [group]: kept };
  return methods.map((method) => {
    const readers = new Map<string, ConsumerNode>();
    let [local, energy] = [0, 0];
    for (const layer of layers) {
      const inputs = keptFeatures(layer.inputs, keep);
      if (!inputs) continue;
      const node = readers.get(layer.node.id) ?? withOwnKernel(layer.node);
      readers.set(node.id, node);
      const measured = statistics.get(layer.id);
      const fitted = measured && compensate(measured, inputs, method);
      writeKept(layer, inputs, fitted?.weights, node.weights.kernel);
      if (!measured || !fitted) continue;
      const own = measured.energy.reduce((sum, e) => sum + e, 0);
      energy += own;
      local += (1 - fitted.fidelity) * own;
    }
    return { kept: kept.length, compensate: method, readers, local, energy, wide };
  });
}

/** A copy of the node whose kernel may be written to. */
function withOwnKernel<N extends ConsumerNode>(node: N): N {
  const { kernel } = node.weights;
  return { ...node, weights: { ...node.weights, kernel: { shape: kernel.shape, values: kernel.values.slice() } } };
}

/** Writes one layer's weights of the kept inputs (`m × kp`; absent: as they are), and zeros for all others, into `kernel`. */
function writeKept(layer: ConsumerLayer, inputs: readonly number[], fitted: Float64Array | undefined, kernel: Weight): void {
  const { n, p, m } = layer;
  const old = componentWeights(layer, layer.node.weights.kernel);
  const whole = new Float64Array(m * n * p);
  for (let c = 0; c < m; c++) {
    inputs.forEach((i, k) => {
      const own = (c * n + i) * p;
      const from = (c * inputs.length + k) * p;
      whole.set(fitted ? fitted.subarray(from, from + p) : old.subarray(own, own + p), own);
    });
  }
  writeWeights(layer, whole, kernel);
}

async function measureCuts(setting: Setting, cuts: readonly Cut[], job: Job): Promise<LocalGlobalPoint[]> {
  const [first] = cuts;
  if (!first) return [];
  const { network, images, output, intact, group, channels } = setting;
  const changed = downstream(network, first.readers.keys());
  const known = changed.has(output) ? frontier(network, changed) : [];
  const clock = new JobClock(job, cuts.length);
  const before = await valuesFor(network, images, known, silent(job));
  const points: LocalGlobalPoint[] = [];
  const totalEnergy = intact.reduce((sum, z) => sum + z * z, 0) / images.count;
  try {
    for (const cut of cuts) {
      const part = subnetwork(withNodes(network, cut.readers), known, [output]);
      const global = changed.has(output) ? await squaredDistance(part, before, output, intact, clock) : 0;
      const { local, energy } = await addWide(setting, cut, clock, job.signal);
      points.push({
        group, kept: cut.kept, channels, compensate: cut.compensate,
        local, relativeLocal: energy > 0 ? local / energy : 0,
        global, relativeGlobal: totalEnergy > 0 ? global / totalEnergy : 0,
      });
      await clock.tick(points.length);
    }
  } finally {
    disposeValues(before);
  }
  return points;
}

/** Local error and energy with those of the layers that have no Gram, which are run: `E‖(W − W') * x‖²` and `E‖W * x‖²`. */
async function addWide(
  { network, images }: Setting,
  { local, energy, readers, wide }: Cut,
  clock: JobClock,
  signal: AbortSignal | undefined,
): Promise<{ local: number; energy: number }> {
  let sums = { local, energy };
  for (const id of new Set(wide.map(({ node }) => node.id))) {
    const [layer, cut] = [wide.find(({ node }) => node.id === id)?.node, readers.get(id)];
    if (!layer || !cut) continue;
    const { kernel } = layer.weights;
    const lost: Weight = { shape: kernel.shape, values: kernel.values.map((w, k) => w - cut.weights.kernel.values[k]) };
    const inputs: BatchValues[] = await valuesFor(network, images, [layer.inputs[0]], signal ? { signal } : {});
    const energyOf = (weights: Weight) => {
      const node = { ...layer, weights: { kernel: weights } } as ConsumerNode;
      return squaredDistance(subnetwork(withNodes(network, new Map([[id, node]])), [layer.inputs[0]], [id]), inputs, id, new Float32Array(0), clock);
    };
    try {
      sums = { local: sums.local + (await energyOf(lost)), energy: sums.energy + (await energyOf(kernel)) };
    } finally {
      disposeValues(inputs);
    }
  }
  return sums;
}

/** Local errors below this share of the layers' energy are rounding. */
const LEAST_RELATIVE = 1e-9;

/** The least-squares slope through the origin, `Σ local · global / Σ local²`, and the greatest ratio. */
function slopesByGroup(points: readonly LocalGlobalPoint[]): LocalGlobal['slopes'] {
  const measurable = points.filter(({ relativeLocal }) => relativeLocal > LEAST_RELATIVE);
  return [...new Set(measurable.map(({ group }) => group))].map((group) => {
    const own = measurable.filter((point) => point.group === group);
    const products = own.reduce((sum, { local, global }) => sum + local * global, 0);
    const squares = own.reduce((sum, { local }) => sum + local * local, 0);
    return { group, fitted: products / squares, worst: Math.max(...own.map(({ local, global }) => global / local)) };
  });
}
