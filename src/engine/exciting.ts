import * as tf from '@tensorflow/tfjs-core';
import type { Network } from '../network/network.ts';
import { BATCH, readBatch } from './calibrate.ts';
import type { ImageSource } from './imageSource.ts';
import { CompiledNetwork } from './interpreter.ts';
import { JobClock, type Job } from './job.ts';

/**
 * The `count` images on which a channel of the value of `node` is greatest anywhere on its map,
 * greatest first, as indices of `images`.
 */
export async function mostExciting(
  network: Network,
  node: string,
  channel: number,
  images: ImageSource,
  count: number,
  job: Job = {},
): Promise<{ index: number; activation: number }[]> {
  const clock = new JobClock(job, images.count);
  const compiled = new CompiledNetwork(network, [node]);
  const found: { index: number; activation: number }[] = [];
  try {
    for (let done = 0; done < images.count; ) {
      const size = Math.min(BATCH, images.count - done);
      const x = await readBatch(images, done, size);
      const { [node]: value } = compiled.run(x, [node]);
      const greatest = tf.tidy(() => {
        const axis = value.rank - 1;
        const one = tf.slice(value, [...Array<number>(axis).fill(0), channel], [...value.shape.slice(0, axis), 1]);
        return tf.max(tf.reshape(one, [size, -1]), 1);
      });
      (await greatest.data()).forEach((activation, k) => found.push({ index: done + k, activation }));
      tf.dispose([x, value, greatest]);
      done += size;
      await clock.tick(done);
    }
  } finally {
    compiled.dispose();
  }
  return found.sort((a, b) => b.activation - a.activation || a.index - b.index).slice(0, count);
}
