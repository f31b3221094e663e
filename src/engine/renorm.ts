import * as tf from '@tensorflow/tfjs-core';
import { coupling, keptFeatures } from '../network/coupling.ts';
import type { Network, Node, NodeOf, Weight } from '../network/network.ts';
import type { PrunePlan } from '../network/prunePlan.ts';
import { inferShapes } from '../network/shapes.ts';
import { prune } from '../network/surgery.ts';
import { assertDeviceHealthy, batchWithinLimits, releaseUnused } from './backend.ts';
import { BATCH, largestValueBytes } from './batches.ts';
import { addInto } from './gramAccumulator.ts';
import { assertInputShape, type ImageSource } from './imageSource.ts';
import { JobClock, type Job } from './job.ts';
import { applyNode, readAll } from './nodewise.ts';

/**
 * The plan with every batch norm's mean and variance measured again on the pruned network, from the
 * input on, each with those before it in place. Needs no labels and no gradients; the images are
 * best those that calibrated.
 *
 * Cost: one forward pass, with all images' live values held at once.
 *
 * @throws CancelledError, DeviceLostError, InputShapeError, and what surgery throws
 */
export async function renormalise(network: Network, plan: PrunePlan, images: ImageSource, job: Job = {}): Promise<PrunePlan> {
  const pruned = prune(network, plan);
  const input = pruned.nodes.find((node) => node.op === 'input');
  assertInputShape(images, input ? inferShapes(pruned).get(input.id) ?? [] : []);
  const { features } = coupling(network);
  const clock = new JobClock(job, pruned.nodes.length);
  const lastUse = new Map(pruned.nodes.flatMap((node, at) => node.inputs.map((id) => [id, at] as const)));
  const values = new Map<string, readonly tf.Tensor[]>();
  const norms: Record<string, NormStatistics> = {};
  try {
    for (const [at, node] of pruned.nodes.entries()) {
      if (node.op === 'input') {
        values.set(node.id, await readAll(images, batchWithinLimits(BATCH, largestValueBytes(network)), clock));
      } else {
        const inputs = node.inputs.map((id) => values.get(id) ?? []);
        let present = node;
        if (node.op === 'batchNorm') {
          const measured = await channelMoments(inputs[0], clock);
          present = { ...node, weights: { ...node.weights, ...statisticsOf(measured) } };
          const map = features.get(node.id);
          norms[node.id] = wholeStatistics(network, node.id, measured, map && keptFeatures(map, plan.keep));
        }
        values.set(node.id, applyNode(present, inputs));
      }
      for (const id of node.inputs) {
        if (lastUse.get(id) !== at) continue;
        tf.dispose([...(values.get(id) ?? [])]);
        values.delete(id);
      }
      assertDeviceHealthy();
      await clock.tick(at + 1);
    }
    releaseUnused();
  } finally {
    for (const batches of values.values()) tf.dispose([...batches]);
  }
  return { ...plan, norms };
}

type NormStatistics = NonNullable<PrunePlan['norms']>[string];

interface Moments {
  readonly mean: Float64Array;
  readonly variance: Float64Array;
}

/** Mean and variance of each channel over images and pixels, in two passes. */
async function channelMoments(batches: readonly tf.Tensor[], clock: JobClock): Promise<Moments> {
  const channels = batches[0].shape[batches[0].rank - 1];
  const count = batches.reduce((sum, { size }) => sum + size / channels, 0);
  const mean = await channelSums(batches, channels, (x) => x, clock);
  for (let c = 0; c < channels; c++) mean[c] /= count;
  const centre = Float32Array.from(mean);
  const variance = await channelSums(batches, channels, (x) => tf.square(tf.sub(x, tf.tensor1d(centre))), clock);
  for (let c = 0; c < channels; c++) variance[c] /= count;
  return { mean, variance };
}

async function channelSums(batches: readonly tf.Tensor[], channels: number, of: (x: tf.Tensor) => tf.Tensor, clock: JobClock): Promise<Float64Array> {
  const sums = new Float64Array(channels);
  for (const x of batches) {
    const sum = tf.tidy(() => tf.sum(of(x), x.shape.map((_, axis) => axis).slice(0, -1)));
    addInto(sums, Float64Array.from(await sum.data()));
    sum.dispose();
    await clock.breathe();
  }
  return sums;
}

function statisticsOf({ mean, variance }: Moments): NormStatistics {
  return { mean: weightOf(mean), variance: weightOf(variance) };
}

function weightOf(values: Float64Array): Weight {
  return { shape: [values.length], values: Float32Array.from(values) };
}

/** For every channel of the intact norm: its own statistics where the channel is cut. */
function wholeStatistics(network: Network, id: string, measured: Moments, kept: readonly number[] | undefined): NormStatistics {
  if (!kept) return statisticsOf(measured);
  const norm = network.nodes.find((node): node is Node & NodeOf<'batchNorm'> => node.id === id && node.op === 'batchNorm');
  if (!norm) return statisticsOf(measured);
  const whole = (own: Float32Array, values: Float64Array) => {
    const all = own.slice();
    kept.forEach((channel, at) => (all[channel] = values[at]));
    return { shape: [all.length], values: all };
  };
  return { mean: whole(norm.weights.mean.values, measured.mean), variance: whole(norm.weights.variance.values, measured.variance) };
}
