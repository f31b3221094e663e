import * as tf from '@tensorflow/tfjs-core';
import type { Node, NodeOf } from '../network/network.ts';
import { readBatch } from './batches.ts';
import type { ImageSource } from './imageSource.ts';
import type { JobClock } from './job.ts';
import { operatorOf } from './operators.ts';

/** A node's value for every batch, one at a time; its weights are uploaded for the call. The caller disposes the values. */
export function applyNode(node: Exclude<Node, NodeOf<'input'>>, inputs: readonly (readonly tf.Tensor[])[]): tf.Tensor[] {
  const uploaded: tf.Tensor[] = [];
  const operator = operatorOf(node, (weight) => {
    const tensor = tf.tensor(weight.values, [...weight.shape], 'float32');
    uploaded.push(tensor);
    return tensor;
  });
  const values = inputs[0].map((_, batch) => tf.tidy(() => operator(inputs.map((input) => input[batch]))));
  tf.dispose(uploaded);
  return values;
}

/** All images as tensors of `batch`; the caller disposes them. @throws CancelledError */
export async function readAll(images: ImageSource, batch: number, clock: JobClock): Promise<tf.Tensor[]> {
  const batches: tf.Tensor[] = [];
  try {
    for (let done = 0; done < images.count; done += batch) {
      batches.push(await readBatch(images, done, Math.min(batch, images.count - done)));
      await clock.breathe();
    }
  } catch (error) {
    tf.dispose(batches);
    throw error;
  }
  return batches;
}
