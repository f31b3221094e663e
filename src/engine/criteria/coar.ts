import * as tf from '@tensorflow/tfjs-core';
import { seededRandom } from '../../fidelity/random.ts';
import type { Network } from '../../network/network.ts';
import { inferShapes } from '../../network/shapes.ts';
import { prunableGroups } from '../../pruning/keepSets.ts';
import { assertDeviceHealthy, batchWithinLimits, releaseUnused } from '../backend.ts';
import { BATCH, largestValueBytes, readBatch } from '../batches.ts';
import { computeLogits } from '../evaluate.ts';
import type { ImageSource } from '../imageSource.ts';
import { CompiledNetwork } from '../interpreter.ts';
import { JobClock, silent, type Job } from '../job.ts';
import { channelColumns, ChannelMasks, type ChannelColumns } from './channelMasks.ts';
import { groupReads, type GroupRead } from './groupReads.ts';
import { logitsNode } from './logitsNode.ts';
import type { NetworkCriterion } from './networkCriterion.ts';
import { ridgeRegression } from './ridgeRegression.ts';

/** Each channel is ablated with this probability (the paper: 5 or 10 % of all components; 1.5 and 10 % rank less reliably here). */
export const ABLATED = 0.05;
const ABLATIONS_PER_CHANNEL = 8;
const FEWEST_ABLATIONS = 1024;
const MOST_ABLATIONS = 8192;
/** Float32 bytes that the predictions held may take. */
const MOST_BYTES = 256 * 2 ** 20;
/** λ in units of what `RIDGE · channels` more ablations would add to a channel's own entry. */
const RIDGE = 0.1;

/**
 * COAR (Shah et al., ICML 2024): each channel's effect on the network's predictions, by linear regression
 * of the predictions on which channels were ablated. Every channel of all groups is ablated with a
 * probability of 5 %, seeded, anew for each picture; 8 pictures with their ablations for each channel,
 * between 1,024 and 8,192 in all, the calibration pictures again and again.
 *
 * The prediction is the margin of the logits: the paper's is that of the right class, which needs a
 * label; here it is that of the intact network's own top class over the best other. Of a network that
 * does not tell classes apart, it is `−‖z − z'‖² / ‖z‖²` of the first output. The score is the fall of the
 * margin that the regression ascribes to the channel; ridge as much as a tenth of an ablation for each
 * channel. The paper affords some 50,000 ablations; so few leave noise: on ResNet-20 two seeds' effects
 * correlate by 0.9 in the stem and by 0 to 0.5 in the groups of 32 and 64 channels.
 *
 * @throws CancelledError, DeviceLostError, InputShapeError
 */
export const coar: NetworkCriterion = async ({ network, coupled, images, seed }, job = {}) => {
  const columns = channelColumns(coupled);
  const count = Math.min(MOST_ABLATIONS, Math.max(FEWEST_ABLATIONS, ABLATIONS_PER_CHANNEL * columns.count));
  const random = seededRandom(seed);
  const ones = Array.from({ length: count }, () => {
    const ablated: number[] = [];
    for (let column = 0; column < columns.count; column++) if (random() < ABLATED) ablated.push(column);
    return Int32Array.from(ablated);
  });
  const margins = await measuredMargins(network, groupReads(network, coupled), columns, ones, images, job);
  const lambda = RIDGE * columns.count * ABLATED * (1 - ABLATED);
  const effects = ridgeRegression({ variables: columns.count, ones }, margins, lambda);
  return new Map(prunableGroups(coupled.groups).map(({ name, channels }) => {
    const first = columns.first.get(name) ?? 0;
    return [name, effects.slice(first, first + channels).map((effect) => -effect)];
  }));
};

/** Margin of each ablated run minus that of the intact network on the same picture. */
async function measuredMargins(
  network: Network,
  reads: readonly GroupRead[],
  columns: ChannelColumns,
  ones: readonly Int32Array[],
  images: ImageSource,
  job: Job,
): Promise<Float64Array> {
  const output = logitsNode(network);
  const bare = { ...network, outputs: [output] };
  const shape = inferShapes(network).get(output) ?? [];
  const bytes = 4 * shape.reduce((product, size) => product * size, 1);
  // all predictions of the intact network are held, and those of a batch
  const used = { ...images, count: Math.max(1, Math.min(images.count, ones.length, Math.floor(MOST_BYTES / bytes))) };
  const vector = shape.length === 1;
  const intact = await computeLogits(bare, used, silent(job));
  const { classes } = intact;
  const fall = vector && classes > 1 ? marginOf : similarity;
  const changes = new Float64Array(ones.length);
  const clock = new JobClock(job, ones.length);
  const compiled = new CompiledNetwork(bare);
  const masks = new ChannelMasks(reads, columns);
  const batch = batchWithinLimits(Math.max(1, Math.min(BATCH, Math.floor(MOST_BYTES / bytes))), largestValueBytes(network));
  try {
    for (let done = 0; done < ones.length; ) {
      const first = done % used.count;
      const size = Math.min(batch, ones.length - done, used.count - first);
      const factors = new Float32Array(size * columns.count).fill(1);
      for (let k = 0; k < size; k++) for (const column of ones[done + k]) factors[k * columns.count + column] = 0;
      const x = await readBatch(images, first, size);
      const { [output]: made } = compiled.run(x, [output], masks.hook(factors));
      const values = (await made.data()) as Float32Array;
      tf.dispose([x, made]);
      assertDeviceHealthy();
      for (let k = 0; k < size; k++) {
        const before = intact.values.subarray((first + k) * classes, (first + k + 1) * classes);
        changes[done + k] = fall(values.subarray(k * classes, (k + 1) * classes), before) - fall(before, before);
      }
      done += size;
      await clock.tick(done);
    }
    releaseUnused();
  } finally {
    compiled.dispose();
    masks.dispose();
  }
  return changes;
}

/** By how much the intact network's top class leads over the best other. */
function marginOf(logits: Float32Array, intact: Float32Array): number {
  const top = intact.indexOf(intact.reduce((most, value) => Math.max(most, value), -Infinity));
  let other = -Infinity;
  logits.forEach((value, c) => {
    if (c !== top && value > other) other = value;
  });
  return logits[top] - other;
}

function similarity(values: Float32Array, intact: Float32Array): number {
  let [error, energy] = [0, 0];
  for (let k = 0; k < values.length; k++) {
    error += (values[k] - intact[k]) ** 2;
    energy += intact[k] ** 2;
  }
  return energy > 0 ? -error / energy : 0;
}
