import * as tf from '@tensorflow/tfjs-core';
import type { GroupScoreMap } from '../../pruning/criteria/criterion.ts';
import { prunableGroups } from '../../pruning/keepSets.ts';
import { channelColumns } from './channelMasks.ts';
import { featureSums } from './featureSums.ts';
import { groupReads } from './groupReads.ts';
import { eachLossGradient } from './lossGradients.ts';
import type { NetworkCriterion } from './networkCriterion.ts';

export { LabelsNeededError } from './lossGradients.ts';

/**
 * Taylor expansion (Molchanov et al., ICLR 2017): the first-order change of a picture's cross-entropy
 * when a channel is removed, `|Σ a · ∂L/∂a|` over the channel's values at all of its reads, mean over the
 * pictures. The paper's mean over a map's positions differs by a factor that is the same for all
 * channels of a layer. A final softmax or sigmoid is left out: the loss is that of the logits.
 *
 * Of a network that foretells tokens, a picture is a window of text and L the mean cross-entropy of its next tokens.
 *
 * @throws LabelsNeededError, GradientsUnavailableError, CancelledError, DeviceLostError, InputShapeError
 */
export const taylor: NetworkCriterion = async ({ network, coupled, images, labels }, job = {}) => {
  const reads = new Map(groupReads(network, coupled).map((read) => [read.node.id, read.features]));
  const columns = channelColumns(coupled);
  const totals = new Float64Array(columns.count);
  const made: [string, tf.Tensor][] = [];
  try {
    await eachLossGradient('Taylor', { network, images, ...(labels ? { labels } : {}) }, reads.keys(), (consumer, value, gradient) => {
      const features = reads.get(consumer);
      if (features) made.push([consumer, tf.keep(featureSums(tf.mul(value, gradient), features))]);
    }, async (_first, count) => {
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
      tf.dispose(made.splice(0).map(([, tensor]) => tensor));
    }, job);
  } finally {
    tf.dispose(made.map(([, tensor]) => tensor));
  }
  const scores: GroupScoreMap = new Map(prunableGroups(coupled.groups).map(({ name, channels }) => {
    const first = columns.first.get(name) ?? 0;
    return [name, totals.slice(first, first + channels)];
  }));
  return scores;
};
