import * as tf from '@tensorflow/tfjs-core';
import type { Network } from '../../network/network.ts';
import { tokenInput } from '../../network/sequenceLength.ts';
import { inferShapes } from '../../network/shapes.ts';
import { assertDeviceHealthy, batchWithinLimits, releaseUnused } from '../backend.ts';
import { BATCH, largestValueBytes } from '../batches.ts';
import { assertInputShape, type ImageSource } from '../imageSource.ts';
import { JobClock, type Job } from '../job.ts';
import { Backpropagation, type OnRead } from './backpropagation.ts';
import { logitsNode } from './logitsNode.ts';

/** A rule needs a class for each picture (a token for each position), of those that the network tells apart, and has none. */
export class LabelsNeededError extends Error {
  override readonly name = 'LabelsNeededError';
}

/** Float32 bytes that a batch's values and gradients may take. */
const MOST_BYTES = 512 * 2 ** 20;

/** A loss over samples. A final softmax or sigmoid is left out: it is that of the logits. */
export interface LossInput {
  readonly network: Network;
  readonly images: ImageSource;
  /**
   * Classes, one for each picture. Of a network that foretells tokens: one token for each position, window after window, −1 where
   * there is none to foretell; without labels each window foretells its own next tokens, all but its last.
   */
  readonly labels?: ArrayLike<number>;
}

/** What is done with what `onRead` kept of a batch. */
export type VisitGradients = (first: number, count: number) => Promise<void>;

/**
 * Runs samples forwards and hands the gradients of their cross-entropies back, a batch at a time: of each sample's own
 * loss, the mean over the tokens that it foretells. `onRead` may keep (`tf.keep`) what it makes of a consumer's read; `visit` is then called,
 * outside of all tidies.
 *
 * @param rule named in messages
 * @param consumers whose reads are asked for
 * @throws LabelsNeededError, GradientsUnavailableError, CancelledError, DeviceLostError, InputShapeError
 */
export async function eachLossGradient(
  rule: string,
  { network, images, labels }: LossInput,
  consumers: Iterable<string>,
  onRead: OnRead,
  visit: VisitGradients,
  job: Job,
): Promise<void> {
  const shapes = inferShapes(network);
  const input = network.nodes.find((node) => node.op === 'input');
  assertInputShape(images, input ? shapes.get(input.id) ?? [] : []);
  const logits = logitsNode(network);
  const targets = checkedTargets(rule, network, labels, images, shapes.get(logits) ?? []);
  const clock = new JobClock(job, images.count);
  const pass = new Backpropagation(network, consumers);
  const batch = batchWithinLimits(affordableBatch(network), largestValueBytes(network));
  const size = images.shape.reduce((product, axis) => product * axis, 1);
  try {
    for (let done = 0; done < images.count; ) {
      const count = Math.min(batch, images.count - done);
      const values = await images.read(done, count);
      const x = tf.tensor(values, [count, ...images.shape], 'float32');
      try {
        const wanted = Array.from({ length: count }, (_, k) => targets.of(done + k, values.subarray(k * size, (k + 1) * size)));
        pass.run(x, (valueOf) => ({ [logits]: lossGradient(valueOf(logits), wanted, targets.classes) }), onRead);
        await visit(done, count);
      } finally {
        x.dispose();
      }
      assertDeviceHealthy();
      done += count;
      await clock.tick(done);
    }
    releaseUnused();
  } finally {
    pass.dispose();
  }
}

/** `softmax − one-hot`, over the number of positions that count in each sample; 0 at those that do not. */
function lossGradient(logits: tf.Tensor, wanted: readonly ArrayLike<number>[], classes: number): tf.Tensor {
  const rows = tf.reshape(logits, [logits.size / classes, classes]);
  const flat = wanted.flatMap((own) => Array.from(own));
  const shares = wanted.flatMap((own) => {
    const counted = Array.from(own).filter((target) => target >= 0).length;
    return Array.from(own, (target) => (target >= 0 ? 1 / counted : 0));
  });
  const chosen = tf.oneHot(tf.tensor1d(flat.map((target) => Math.max(0, target)), 'int32'), classes);
  const gradient = tf.mul(tf.sub(tf.softmax(rows), chosen), tf.tensor2d(shares, [shares.length, 1]));
  return tf.reshape(gradient, logits.shape);
}

interface Targets {
  readonly classes: number;
  /** Of one sample, whose values are given; −1: none. */
  of(sample: number, values: Float32Array): ArrayLike<number>;
}

function checkedTargets(rule: string, network: Network, labels: ArrayLike<number> | undefined, images: ImageSource, shape: readonly number[]): Targets {
  const reads = tokenInput(network);
  if (reads && shape.length === 2 && shape[0] === images.shape[0]) return tokenTargets(rule, labels, images, shape[1], reads.attributes.vocabulary ?? 0);
  if (!labels) throw new LabelsNeededError(`The ${rule} rule needs the class of each picture: use labelled pictures, or another rule.`);
  if (labels.length !== images.count) throw new LabelsNeededError(`The ${rule} rule needs one class for each of ${images.count} pictures, found ${labels.length}.`);
  if (shape.length !== 1) {
    throw new LabelsNeededError(`The ${rule} rule needs a network that classifies or foretells tokens; this one's first output is [${shape.join(', ')}] for each picture.`);
  }
  const strange = Array.from(labels).find((label) => !(Number.isInteger(label) && label >= 0 && label < shape[0]));
  if (strange !== undefined) throw new LabelsNeededError(`A picture is of class ${strange}, but the network tells ${shape[0]} classes apart.`);
  return { classes: shape[0], of: (sample) => [labels[sample]] };
}

function tokenTargets(rule: string, labels: ArrayLike<number> | undefined, { count, shape: [tokens] }: ImageSource, classes: number, vocabulary: number): Targets {
  if (!labels) {
    if (tokens < 2 || vocabulary > classes) throw new LabelsNeededError(`The ${rule} rule needs windows of two tokens or more and a score for each of ${vocabulary} tokens; found ${tokens} tokens and ${classes} scores.`);
    return { classes, of: (_, ids) => Array.from(ids, (_id, t) => (t + 1 < tokens ? ids[t + 1] : -1)) };
  }
  if (labels.length !== count * tokens) {
    throw new LabelsNeededError(`The ${rule} rule needs a token for each of ${count} windows of ${tokens}, ${count * tokens} in all, found ${labels.length}.`);
  }
  const strange = Array.from(labels).find((label) => !(Number.isInteger(label) && label >= -1 && label < classes));
  if (strange !== undefined) throw new LabelsNeededError(`Token ${strange} is to be foretold, but the network has a score for ${classes} tokens, numbered from 0.`);
  return { classes, of: (sample) => Array.from({ length: tokens }, (_, t) => labels[sample * tokens + t]) };
}

function affordableBatch(network: Network): number {
  const values = [...inferShapes(network).values()].reduce((sum, shape) => sum + shape.reduce((product, size) => product * size, 1), 0);
  return Math.max(1, Math.min(BATCH, Math.floor(MOST_BYTES / (8 * values))));
}
