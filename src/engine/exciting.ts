import * as tf from '@tensorflow/tfjs-core';
import type { Network } from '../network/network.ts';
import type { ImageSource } from './imageSource.ts';
import { JobClock, type Job } from './job.ts';
import { eachBatch } from './batches.ts';

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
  const found: { index: number; activation: number }[] = [];
  await eachBatch(network, images, [node], async ({ [node]: value }, first, size) => {
    const greatest = tf.tidy(() => {
      const axis = value.rank - 1;
      const one = tf.slice(value, [...Array<number>(axis).fill(0), channel], [...value.shape.slice(0, axis), 1]);
      return tf.max(tf.reshape(one, [size, -1]), 1);
    });
    (await greatest.data()).forEach((activation, k) => found.push({ index: first + k, activation }));
    greatest.dispose();
  }, new JobClock(job, images.count));
  return found.sort((a, b) => b.activation - a.activation || a.index - b.index).slice(0, count);
}
