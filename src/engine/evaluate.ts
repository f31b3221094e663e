import type * as tf from '@tensorflow/tfjs-core';
import { dispose } from '@tensorflow/tfjs-core';
import type { Network } from '../network/network.ts';
import { inferShapes } from '../network/shapes.ts';
import { assertDeviceHealthy, batchWithinLimits, releaseUnused } from './backend.ts';
import { BATCH, largestValueBytes, readBatch } from './calibrate.ts';
import { assertInputShape, type ImageSource } from './imageSource.ts';
import { CompiledNetwork } from './interpreter.ts';
import { JobClock, type Job } from './job.ts';

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
  const shapes = inferShapes(network);
  const input = network.nodes.find((node) => node.op === 'input');
  assertInputShape(images, input ? shapes.get(input.id) ?? [] : []);
  const classes = (shapes.get(network.outputs[0]) ?? []).reduce((product, size) => product * size, 1);
  const values = new Float32Array(images.count * classes);
  const clock = new JobClock(job, images.count);
  const compiled = new CompiledNetwork(network);
  const batch = batchWithinLimits(BATCH, largestValueBytes(network));
  try {
    for (let done = 0; done < images.count; ) {
      const count = Math.min(batch, images.count - done);
      const x = await readBatch(images, done, count);
      const { [network.outputs[0]]: output } = compiled.run(x);
      x.dispose();
      values.set(await read(output), done * classes);
      done += count;
      await clock.tick(done);
    }
    releaseUnused();
  } finally {
    compiled.dispose();
  }
  return { images: images.count, classes, values };
}

async function read(tensor: tf.Tensor): Promise<Float32Array> {
  const values = await tensor.data();
  dispose(tensor);
  assertDeviceHealthy();
  return values as Float32Array;
}

/** Top-1 class of each image; the first of equals. */
export function topClasses({ images, classes, values }: Logits): Int32Array {
  return Int32Array.from({ length: images }, (_, image) => {
    let best = 0;
    for (let c = 1; c < classes; c++) if (values[image * classes + c] > values[image * classes + best]) best = c;
    return best;
  });
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
