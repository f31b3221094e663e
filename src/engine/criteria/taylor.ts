import * as tf from '@tensorflow/tfjs-core';
import type { GroupScoreMap } from '../../pruning/criteria/criterion.ts';
import type { Network } from '../../network/network.ts';
import { inferShapes } from '../../network/shapes.ts';
import { prunableGroups } from '../../pruning/keepSets.ts';
import { assertDeviceHealthy, batchWithinLimits, releaseUnused } from '../backend.ts';
import { BATCH, largestValueBytes, readBatch } from '../batches.ts';
import { assertInputShape } from '../imageSource.ts';
import { JobClock } from '../job.ts';
import { Backpropagation } from './backpropagation.ts';
import { channelColumns } from './channelMasks.ts';
import { featureSums } from './featureSums.ts';
import { groupReads } from './groupReads.ts';
import { logitsNode } from './logitsNode.ts';
import type { NetworkCriterion } from './networkCriterion.ts';

/** A rule needs a class for each picture, of those that the network tells apart, and has none. */
export class LabelsNeededError extends Error {
  override readonly name = 'LabelsNeededError';
}

/** Float32 bytes that a batch's values and gradients may take. */
const MOST_BYTES = 512 * 2 ** 20;

/**
 * Taylor expansion (Molchanov et al., ICLR 2017): the first-order change of a picture's cross-entropy
 * when a channel is removed, `|Σ a · ∂L/∂a|` over the channel's values at all of its reads, mean over the
 * pictures. The paper's mean over a map's positions differs by a factor that is the same for all
 * channels of a layer. A final softmax or sigmoid is left out: the loss is that of the logits.
 *
 * @throws LabelsNeededError, GradientsUnavailableError, CancelledError, DeviceLostError, InputShapeError
 */
export const taylor: NetworkCriterion = async ({ network, coupled, images, labels }, job = {}) => {
  const shapes = inferShapes(network);
  const input = network.nodes.find((node) => node.op === 'input');
  assertInputShape(images, input ? shapes.get(input.id) ?? [] : []);
  const logits = logitsNode(network);
  const classes = checkLabels(labels, images.count, shapes.get(logits) ?? []);
  const reads = new Map(groupReads(network, coupled).map((read) => [read.node.id, read.features]));
  const columns = channelColumns(coupled);
  const totals = new Float64Array(columns.count);
  const clock = new JobClock(job, images.count);
  const pass = new Backpropagation(network, reads.keys());
  const batch = batchWithinLimits(affordableBatch(network), largestValueBytes(network));
  try {
    for (let done = 0; done < images.count; ) {
      const count = Math.min(batch, images.count - done);
      const x = await readBatch(images, done, count);
      const own = Int32Array.from({ length: count }, (_, k) => labels?.[done + k] ?? 0);
      const made: [string, tf.Tensor][] = [];
      try {
        pass.run(
          x,
          (valueOf) => ({ [logits]: tf.sub(tf.softmax(valueOf(logits)), tf.oneHot(tf.tensor1d(own, 'int32'), classes)) }),
          (consumer, value, gradient) => {
            const features = reads.get(consumer);
            if (features) made.push([consumer, tf.keep(featureSums(tf.mul(value, gradient), features))]);
          },
        );
        const changes = new Float64Array(count * columns.count);
        for (const [consumer, tensor] of made) {
          const features = reads.get(consumer);
          if (!features) continue;
          const values = await tensor.data();
          const width = features.group.length;
          for (let f = 0; f < width; f++) {
            const first = columns.first.get(features.groups[features.group[f]].name);
            if (first === undefined) continue;
            const column = first + features.component[f];
            for (let k = 0; k < count; k++) changes[k * columns.count + column] += values[k * width + f];
          }
        }
        changes.forEach((change, at) => (totals[at % columns.count] += Math.abs(change) / images.count));
      } finally {
        tf.dispose([x, ...made.map(([, tensor]) => tensor)]);
      }
      assertDeviceHealthy();
      done += count;
      await clock.tick(done);
    }
    releaseUnused();
  } finally {
    pass.dispose();
  }
  const scores: GroupScoreMap = new Map(prunableGroups(coupled.groups).map(({ name, channels }) => {
    const first = columns.first.get(name) ?? 0;
    return [name, totals.slice(first, first + channels)];
  }));
  return scores;
};

/** The number of classes. */
function checkLabels(labels: ArrayLike<number> | undefined, images: number, shape: readonly number[]): number {
  if (!labels) throw new LabelsNeededError('The Taylor rule needs the class of each picture: use labelled pictures, or another rule.');
  if (labels.length !== images) throw new LabelsNeededError(`The Taylor rule needs one class for each of ${images} pictures, found ${labels.length}.`);
  if (shape.length !== 1) {
    throw new LabelsNeededError(`The Taylor rule needs a network that classifies; this one's first output is [${shape.join(', ')}] for each picture.`);
  }
  const strange = Array.from(labels).find((label) => !(Number.isInteger(label) && label >= 0 && label < shape[0]));
  if (strange !== undefined) throw new LabelsNeededError(`A picture is of class ${strange}, but the network tells ${shape[0]} classes apart.`);
  return shape[0];
}

function affordableBatch(network: Network): number {
  const values = [...inferShapes(network).values()].reduce((sum, shape) => sum + shape.reduce((product, size) => product * size, 1), 0);
  return Math.max(1, Math.min(BATCH, Math.floor(MOST_BYTES / (8 * values))));
}
