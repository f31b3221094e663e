import * as tf from '@tensorflow/tfjs-core';
import { inferShapes } from '../../network/shapes.ts';
import { assertDeviceHealthy } from '../backend.ts';
import { Backpropagation } from './backpropagation.ts';
import { balancedFlow } from './balancedFlow.ts';
import { flowNetwork } from './flowNetwork.ts';
import { ChannelSums, groupReads } from './groupReads.ts';
import type { NetworkCriterion } from './networkCriterion.ts';
import { featureSums } from './featureSums.ts';

/**
 * SynFlow (Tanaka et al., NeurIPS 2020) by channel: `Σ a · ∂R/∂a` over all reads of the channel, where R
 * is the sum of the outputs of the network of absolute weights on an input of ones. It equals the sum of
 * the paper's `θ · ∂R/∂θ` over the weights that read the channel; where each path to the output reads
 * it at most once, it is what R loses with the channel.
 *
 * By one pass back, not by removal: differences of R would leave the weak channels in its rounding.
 * Gates multiply here, open or not, as in the paper's definition for any differentiable network.
 *
 * @throws CancelledError, DeviceLostError, GradientsUnavailableError
 */
export const synflow: NetworkCriterion = async ({ network, coupled }, job = {}) => {
  const flow = await balancedFlow(flowNetwork(network, { linear: false }), job);
  const reads = new Map(groupReads(network, coupled).map((read) => [read.node.id, read.features]));
  const sums = new ChannelSums(coupled);
  const exponents = network.outputs.map((id) => flow.values.get(id)?.exponent ?? 0);
  const greatest = Math.max(...exponents);
  const pass = new Backpropagation(flow.network, reads.keys());
  const input = network.nodes.find((node) => node.op === 'input');
  const x = tf.ones([1, ...((input && inferShapes(network).get(input.id)) ?? [])]);
  const made: [string, tf.Tensor][] = [];
  try {
    pass.run(
      x,
      (valueOf) => Object.fromEntries(flow.network.outputs.map((id, k) => [id, tf.fill(valueOf(id).shape, 2 ** (exponents[k] - greatest))])),
      (consumer, value, gradient) => {
        const features = reads.get(consumer);
        if (features) made.push([consumer, tf.keep(featureSums(tf.mul(value, gradient), features))]);
      },
    );
    for (const [consumer, tensor] of made) {
      const features = reads.get(consumer);
      // a value of 0 may meet a gradient beyond float32
      if (features) sums.add(features, (await tensor.data()).map((flow) => (Number.isNaN(flow) ? 0 : flow)));
    }
    assertDeviceHealthy();
  } finally {
    tf.dispose([x, ...made.map(([, tensor]) => tensor)]);
    pass.dispose();
  }
  return sums.scores;
};
