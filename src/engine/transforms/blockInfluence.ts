import * as tf from '@tensorflow/tfjs-core';
import type { Network } from '../../network/network.ts';
import { blockEnds, type ResidualBlock } from '../../network/residualBranches.ts';
import { eachBatch } from '../batches.ts';
import type { ImageSource } from '../imageSource.ts';
import { JobClock, type Job } from '../job.ts';

/**
 * Block Influence (Men et al., ShortGPT, arXiv 2403.03853, section 3): `1 − E[cos(x, y)]` of the vectors x before and y behind
 * each block, over all tokens (of a picture's map: over all pixels). Near 0 where a block hardly turns the residual stream.
 *
 * @returns one value a block
 * @throws CancelledError, DeviceLostError, InputShapeError
 */
export async function blockInfluence(network: Network, blocks: readonly ResidualBlock[], images: ImageSource, job: Job = {}): Promise<Float64Array> {
  const ends = blocks.map(blockEnds);
  const wanted = [...new Set(ends.flatMap(({ before, behind }) => [before, behind]))];
  const sums = new Float64Array(blocks.length);
  let samples = 0;
  await eachBatch({ ...network, outputs: wanted }, images, wanted, async (values, _first, count) => {
    for (const [k, { before, behind }] of ends.entries()) {
      const mean = tf.tidy(() => tf.mean(cosines(values[before], values[behind])));
      const [value] = await mean.data();
      mean.dispose();
      sums[k] += value * count;
    }
    samples += count;
  }, new JobClock(job, images.count), TOKENS_BATCH);
  return sums.map((sum) => 1 - sum / samples);
}

/** Samples in a batch: the streams of all blocks are held at once. */
const TOKENS_BATCH = 8;

/** Along the last axis; 1 where a vector is 0 and stays so. */
function cosines(x: tf.Tensor, y: tf.Tensor): tf.Tensor {
  const product = tf.sum(tf.mul(x, y), -1);
  const norms = tf.sqrt(tf.mul(tf.sum(tf.square(x), -1), tf.sum(tf.square(y), -1)));
  return tf.where(tf.greater(norms, 0), tf.div(product, tf.maximum(norms, 1e-30)), tf.onesLike(norms));
}
