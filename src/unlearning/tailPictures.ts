import * as tf from '@tensorflow/tfjs-core';
import { type ImageSource } from '../engine/imageSource.ts';
import { JobClock, type Job } from '../engine/job.ts';
import type { Network } from '../network/network.ts';
import type { Tail } from './tail.ts';
import { eachBatch } from '../engine/batches.ts';

/** Pictures as a tail of the network sees them. */
export interface TailPictures {
  readonly count: number;
  /** Frontier node → its intact values, one tensor a batch. */
  readonly frontier: ReadonlyMap<string, readonly tf.Tensor[]>;
  /** The intact network's class scores, row-major `count × classes`. */
  readonly scores: Float32Array;
}

/**
 * Runs the pictures through the intact network once and keeps what its tail reads; the caller disposes
 * it with `disposePictures`. Memory: the frontier's values for all pictures.
 *
 * @throws CancelledError, DeviceLostError, InputShapeError
 */
export async function tailPictures(network: Network, tail: Tail, images: ImageSource, job: Job = {}): Promise<TailPictures> {
  const frontier = new Map(tail.frontier.map((id): [string, tf.Tensor[]] => [id, []]));
  const scores = new Float32Array(images.count * tail.classes);
  try {
    await eachBatch(network, images, [...new Set([...tail.frontier, tail.logits])], async (values, first) => {
      for (const [id, batches] of frontier) batches.push(values[id].clone());
      scores.set(await values[tail.logits].data(), first * tail.classes);
    }, new JobClock(job, images.count));
    return { count: images.count, frontier, scores };
  } catch (error) {
    disposePictures({ frontier });
    throw error;
  }
}

export function disposePictures({ frontier }: Pick<TailPictures, 'frontier'>): void {
  for (const batches of frontier.values()) tf.dispose([...batches]);
}
