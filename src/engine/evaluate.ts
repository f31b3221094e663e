import * as tf from '@tensorflow/tfjs-core';
import type { Network } from '../network/network.ts';
import { inferShapes } from '../network/shapes.ts';
import { type ImageSource } from './imageSource.ts';
import { JobClock, type Job } from './job.ts';
import { eachBatch } from './batches.ts';

/** Outputs of the network for some images, row-major `images × classes`. */
export interface Logits {
  readonly images: number;
  readonly classes: number;
  readonly values: Float32Array;
}

/**
 * The network's outputs for every image of the source.
 *
 * @throws CancelledError, DeviceLostError, InputShapeError
 */
export async function computeLogits(network: Network, images: ImageSource, job: Job = {}): Promise<Logits> {
  const [output] = network.outputs;
  const classes = (inferShapes(network).get(output) ?? []).reduce((product, size) => product * size, 1);
  const values = new Float32Array(images.count * classes);
  await eachBatch(network, images, [output], async ({ [output]: logits }, first) => {
    values.set((await logits.data()) as Float32Array, first * classes);
  }, new JobClock(job, images.count));
  return { images: images.count, classes, values };
}

/** Top-1 class of each image; the first of equals. */
export function topClasses({ images, classes, values }: Logits): Int32Array {
  return Int32Array.from({ length: images }, (_, image) => {
    let best = 0;
    for (let c = 1; c < classes; c++) if (values[image * classes + c] > values[image * classes + best]) best = c;
    return best;
  });
}

/**
 * Top-1 classes along the last axis of the network's outputs: one an image, or, where it gives scores for every token
 * (or pixel), one for each of those, image after image. Holds the outputs of a batch alone.
 *
 * @throws CancelledError, DeviceLostError, InputShapeError
 */
export async function predictedClasses(network: Network, images: ImageSource, job: Job = {}): Promise<Int32Array> {
  const [output] = network.outputs;
  const places = (inferShapes(network).get(output) ?? []).slice(0, -1).reduce((product, size) => product * size, 1);
  const classes = new Int32Array(images.count * places);
  await eachBatch(network, images, [output], async ({ [output]: logits }, first) => {
    const found = tf.argMax(logits, -1);
    classes.set(await found.data(), first * places);
    found.dispose();
  }, new JobClock(job, images.count));
  return classes;
}

/** Share of images whose top-1 class equals `expected`, in [0, 1]. */
export function shareEqual(predictions: Int32Array, expected: ArrayLike<number>): number {
  let hits = 0;
  for (let k = 0; k < predictions.length; k++) if (predictions[k] === expected[k]) hits++;
  return hits / predictions.length;
}

/** `Σ‖z − z'‖² / Σ‖z‖²` over images; `intact` may hold more images than `pruned`, of which the first count. */
export function logitError(intact: Logits, pruned: Logits): number {
  let error = 0;
  let energy = 0;
  for (let k = 0; k < pruned.values.length; k++) {
    error += (intact.values[k] - pruned.values[k]) ** 2;
    energy += intact.values[k] ** 2;
  }
  return error / energy;
}

/** Right answers and images of each class. */
export function perClass(predictions: Int32Array, labels: ArrayLike<number>, classes: number): { correct: number; total: number }[] {
  const counts = Array.from({ length: classes }, () => ({ correct: 0, total: 0 }));
  for (let k = 0; k < predictions.length; k++) {
    const count = counts[labels[k]];
    if (!count) continue;
    count.total++;
    if (predictions[k] === labels[k]) count.correct++;
  }
  return counts;
}
