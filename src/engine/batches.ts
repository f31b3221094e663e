import * as tf from '@tensorflow/tfjs-core';
import type { Network } from '../network/network.ts';
import { inferShapes } from '../network/shapes.ts';
import { assertDeviceHealthy, batchWithinLimits, releaseUnused } from './backend.ts';
import { assertInputShape, type ImageSource } from './imageSource.ts';
import { CompiledNetwork } from './interpreter.ts';
import type { JobClock } from './job.ts';

/** Images in one forward pass. */
export const BATCH = 32;

/** Values of some nodes for one batch of images, by node id. */
export type BatchValues = Readonly<Record<string, tf.Tensor>>;

/** What is done with a batch: `first` is the place of its first image. The values are disposed afterwards. */
export type VisitBatch = (values: BatchValues, first: number, count: number) => Promise<void>;

/**
 * Runs images through the network and hands on the values of the `wanted` nodes, a batch at a time; the
 * clock ticks in images. Clone what is to outlive `visit`.
 *
 * @param most images in a batch, if the device's buffers hold as many
 * @throws CancelledError, DeviceLostError, InputShapeError
 */
export async function eachBatch(
  network: Network,
  images: ImageSource,
  wanted: readonly string[],
  visit: VisitBatch,
  clock: JobClock,
  most = BATCH,
): Promise<void> {
  const input = network.nodes.find((node) => node.op === 'input');
  assertInputShape(images, (input && inferShapes(network).get(input.id)) ?? []);
  const compiled = new CompiledNetwork(network, wanted);
  const batch = batchWithinLimits(most, largestValueBytes(network));
  try {
    for (let done = 0; done < images.count; ) {
      const count = Math.min(batch, images.count - done);
      const x = await readBatch(images, done, count);
      const values = compiled.run(x, wanted);
      x.dispose();
      try {
        await visit(values, done, count);
      } finally {
        tf.dispose(values);
      }
      assertDeviceHealthy();
      done += count;
      await clock.tick(done);
    }
    releaseUnused();
  } finally {
    compiled.dispose();
  }
}

/** A batch as a tensor; the caller disposes it. */
export async function readBatch(images: ImageSource, first: number, count: number): Promise<tf.Tensor> {
  return tf.tensor(await images.read(first, count), [count, ...images.shape], 'float32');
}

/** Float32 bytes of one image's largest value. */
export function largestValueBytes(network: Network): number {
  const shapes = [...inferShapes(network).values()];
  return Math.max(...shapes.map((shape) => 4 * shape.reduce((product, size) => product * size, 1)));
}
