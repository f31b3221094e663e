import * as tf from '@tensorflow/tfjs-core';
import { assertDeviceHealthy, batchWithinLimits, releaseUnused } from '../engine/backend.ts';
import { BATCH, largestValueBytes, readBatch } from '../engine/calibrate.ts';
import { assertInputShape, type ImageSource } from '../engine/imageSource.ts';
import { CompiledNetwork } from '../engine/interpreter.ts';
import { JobClock, type Job } from '../engine/job.ts';
import type { Network } from '../network/network.ts';
import { inferShapes } from '../network/shapes.ts';
import type { Tail } from './tail.ts';

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
  const shapes = inferShapes(network);
  const input = network.nodes.find((node) => node.op === 'input');
  assertInputShape(images, input ? shapes.get(input.id) ?? [] : []);
  const clock = new JobClock(job, images.count);
  const wanted = [...new Set([...tail.frontier, tail.logits])];
  const compiled = new CompiledNetwork(network, wanted);
  const batch = batchWithinLimits(BATCH, largestValueBytes(network));
  const frontier = new Map(tail.frontier.map((id): [string, tf.Tensor[]] => [id, []]));
  const scores = new Float32Array(images.count * tail.classes);
  try {
    for (let done = 0; done < images.count; ) {
      const count = Math.min(batch, images.count - done);
      const x = await readBatch(images, done, count);
      const { [tail.logits]: logits, ...values } = compiled.run(x, wanted);
      x.dispose();
      for (const [id, batches] of frontier) batches.push(values[id]);
      scores.set(await logits.data(), done * tail.classes);
      logits.dispose();
      assertDeviceHealthy();
      done += count;
      await clock.tick(done);
    }
    releaseUnused();
    return { count: images.count, frontier, scores };
  } catch (error) {
    disposePictures({ frontier });
    throw error;
  } finally {
    compiled.dispose();
  }
}

export function disposePictures({ frontier }: Pick<TailPictures, 'frontier'>): void {
  for (const batches of frontier.values()) tf.dispose([...batches]);
}
