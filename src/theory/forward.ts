import * as tf from '@tensorflow/tfjs-core';
import { assertDeviceHealthy, batchWithinLimits } from '../engine/backend.ts';
import { assertInputShape, type ImageSource } from '../engine/imageSource.ts';
import { CompiledNetwork } from '../engine/interpreter.ts';
import { JobClock, type Job } from '../engine/job.ts';
import type { Network } from '../network/network.ts';
import { inferShapes } from '../network/shapes.ts';
import { subnetwork } from './subnetwork.ts';
import { BATCH, eachBatch, largestValueBytes, type BatchValues, type VisitBatch } from '../engine/batches.ts';

/** The id of the node that takes the pictures. @throws InputShapeError where these do not fit it */
export function pictureInput(network: Network, images: ImageSource): string {
  const input = network.nodes.find((node) => node.op === 'input');
  const shape = (input && inferShapes(network).get(input.id)) ?? [];
  assertInputShape(images, shape);
  return input?.id ?? '';
}

/** Bytes that the values of a batch that are held together may take. */
const COMFORTABLE_BYTES = 512 * 2 ** 20;

/** Images that one forward pass may take where the values of the nodes `held` stay, each as often as it is named. */
export function smallBatch(network: Network, held: readonly string[]): number {
  const shapes = inferShapes(network);
  const bytes = held.reduce((sum, id) => sum + 4 * (shapes.get(id) ?? []).reduce((product, size) => product * size, 1), 0);
  const most = Math.max(1, Math.floor(COMFORTABLE_BYTES / Math.max(1, bytes)));
  return batchWithinLimits(Math.min(BATCH, most), largestValueBytes(network));
}

/**
 * Runs images through as much of the network as `wanted` needs and hands on their values, a batch at a
 * time; the values are disposed when `visit` has ended.
 *
 * @throws CancelledError, DeviceLostError, InputShapeError
 */
export async function eachBatchOf(network: Network, images: ImageSource, wanted: readonly string[], visit: VisitBatch, job: Job): Promise<void> {
  const input = pictureInput(network, images);
  const part = subnetwork(network, [input], [...new Set([input, ...wanted])]);
  await eachBatch(part, images, wanted, visit, new JobClock(job, images.count), smallBatch(network, wanted));
}

/** The values of some nodes for all images, a record for each batch; the caller disposes them. */
export async function valuesFor(network: Network, images: ImageSource, wanted: readonly string[], job: Job): Promise<BatchValues[]> {
  const batches: BatchValues[] = [];
  try {
    await eachBatchOf(network, images, wanted, async (values) => {
      batches.push(Object.fromEntries(Object.entries(values).map(([id, value]) => [id, value.clone()])));
    }, job);
  } catch (error) {
    disposeValues(batches);
    throw error;
  }
  return batches;
}

/**
 * Mean over images of `‖z − z'‖²`, where z' are the values of node `output` of `part` run from the
 * given inputs and z those in `expected`, row-major over all images; `expected` empty stands for zeros.
 */
export async function squaredDistance(
  part: Network,
  batches: readonly BatchValues[],
  output: string,
  expected: Float32Array,
  clock: JobClock,
): Promise<number> {
  const compiled = new CompiledNetwork(part, [output]);
  let [sum, at, images] = [0, 0, 0];
  try {
    for (const values of batches) {
      const { [output]: z } = compiled.run(values, [output]);
      images += z.shape[0];
      const made = await z.data();
      z.dispose();
      assertDeviceHealthy();
      for (let k = 0; k < made.length; k++, at++) sum += (made[k] - (expected.length > 0 ? expected[at] : 0)) ** 2;
      await clock.breathe();
    }
  } finally {
    compiled.dispose();
  }
  return sum / images;
}

export function disposeValues(batches: readonly BatchValues[]): void {
  for (const values of batches) tf.dispose(Object.values(values));
}
