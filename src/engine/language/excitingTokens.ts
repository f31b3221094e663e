import * as tf from '@tensorflow/tfjs-core';
import type { TextWindows } from '../../datasets/texts/textSet.ts';
import type { Network } from '../../network/network.ts';
import { eachBatch } from '../batches.ts';
import { JobClock, type Job } from '../job.ts';

/** A token of a text at which a channel is great. */
export interface ExcitingToken {
  readonly window: number;
  readonly position: number;
  readonly activation: number;
}

/**
 * The `count` tokens at which a channel of the value of `node` is greatest, one of each window at most, the greatest
 * first. Only positions that count in their window are looked at, so that no token is met twice.
 *
 * @throws RangeError where the node's value is not `[tokens, channels]` with that channel
 */
export async function excitingTokens(network: Network, node: string, channel: number, text: TextWindows, count: number, job: Job = {}): Promise<readonly ExcitingToken[]> {
  const found: ExcitingToken[] = [];
  await eachBatch(network, text, [node], async ({ [node]: value }, first, size) => {
    const [, tokens, channels] = value.shape;
    if (value.rank !== 3 || tokens !== text.shape[0] || !(channel >= 0 && channel < channels)) {
      throw new RangeError(`Channel ${channel} of "${node}" has no value at each token: its values are ${value.shape.slice(1).join(' × ')}.`);
    }
    const one = tf.tidy(() => tf.reshape(tf.slice(value, [0, 0, channel], [size, tokens, 1]), [size * tokens]));
    const activations = await one.data();
    one.dispose();
    for (let k = 0; k < size; k++) {
      const { from, targets } = text.foretold(first + k);
      let best = from;
      for (let p = from; p < from + targets.length; p++) if (activations[k * tokens + p] > activations[k * tokens + best]) best = p;
      found.push({ window: first + k, position: best, activation: activations[k * tokens + best] });
    }
  }, new JobClock(job, text.count));
  return found.sort((a, b) => b.activation - a.activation || a.window - b.window).slice(0, count);
}
