import * as tf from '@tensorflow/tfjs-core';
import type { Coupling } from '../../network/coupling.ts';
import { isConsumer, nodeById, type Network, type Node } from '../../network/network.ts';
import { assertDeviceHealthy } from '../backend.ts';
import { type ImageSource } from '../imageSource.ts';
import { JobClock, type Job } from '../job.ts';
import { Backpropagation } from './backpropagation.ts';
import { balancedFlow } from './balancedFlow.ts';
import { featureSums } from './featureSums.ts';
import { flowNetwork } from './flowNetwork.ts';
import { ChannelSums, groupReads } from './groupReads.ts';
import { infiniteFeatureSelection } from './infiniteFeatureSelection.ts';
import type { NetworkCriterion } from './networkCriterion.ts';
import { eachBatch } from '../batches.ts';

/**
 * NISP (Yu et al., CVPR 2018): the final responses (what the layer before each output reads) are ranked
 * by infinite feature selection over the pictures, and their importance goes back through the network by
 * absolute weights, `s_k = |W_{k+1}|ᵀ s_{k+1}`. A channel's score is the importance of all its values at
 * all its reads.
 *
 * On the way back norms scale by `|γ| / σ`, activations pass, pools hand on equal shares, residual adds
 * give each branch the whole and so do products (the paper has no gates). Of a final response that is
 * a map, each channel's mean is ranked.
 *
 * @throws CancelledError, DeviceLostError, InputShapeError, GradientsUnavailableError
 */
export const nisp: NetworkCriterion = async ({ network, coupled, images }, job = {}) => {
  const last = lastConsumers(network);
  const sources = [...new Set(last.map(({ inputs }) => inputs[0]))];
  const importances = await finalImportances(network, coupled, sources, images, job);
  const flow = await balancedFlow(flowNetwork(network, { linear: true }), job);
  const held = (id: string) => {
    const value = flow.values.get(id);
    if (!value) throw new Error(`Node "${id}" has no value in the flow network.`);
    return value;
  };
  const reads = new Map(groupReads(network, coupled).map((read) => [read.node.id, read]));
  const exponents = [...reads.values()].map(({ node }) => held(node.inputs[0]).exponent);
  // importances differ by powers of two from layer to layer; this one is in the middle of what float64 holds
  const middle = (Math.min(...exponents) + Math.max(...exponents)) / 2;
  const top = Math.max(...sources.map((id) => held(id).exponent));
  const sums = new ChannelSums(coupled);
  for (const { id, inputs } of last) {
    const read = reads.get(id);
    const own = importances.get(inputs[0]);
    if (read && own) sums.add(read.features, own, 2 ** (middle - top));
  }
  const pass = new Backpropagation(flow.network, reads.keys());
  const x = tf.ones([1, ...images.shape]);
  const made: [string, tf.Tensor][] = [];
  try {
    pass.run(
      x,
      (valueOf) => Object.fromEntries(sources.map((id) => {
        const { id: holder, exponent } = held(id);
        const { shape } = valueOf(holder);
        const axis = (coupled.features.get(id)?.axis ?? shape.length - 2) + 1;
        const positions = shape.reduce((product, size) => product * size, 1) / shape[axis];
        const share = (importances.get(id) ?? new Float64Array(shape[axis])).map((value) => (value * 2 ** (exponent - top)) / positions);
        const along = tf.reshape(tf.tensor1d(Float32Array.from(share)), shape.map((size, k) => (k === axis ? size : 1)));
        return [holder, tf.add(tf.zeros(shape), along)];
      })),
      (consumer, _, gradient) => {
        const read = reads.get(consumer);
        if (read) made.push([consumer, tf.keep(featureSums(gradient, read.features))]);
      },
    );
    for (const [consumer, tensor] of made) {
      const read = reads.get(consumer);
      if (read) sums.add(read.features, await tensor.data(), 2 ** (middle - held(read.node.inputs[0]).exponent));
    }
    assertDeviceHealthy();
  } finally {
    tf.dispose([x, ...made.map(([, tensor]) => tensor)]);
    pass.dispose();
  }
  return sums.scores;
};

/** The consumers (a tied head is one here) from which an output is reached without another consumer. */
function lastConsumers(network: Network): Node[] {
  const found = new Map<string, Node>();
  const seen = new Set<string>();
  const visit = (id: string): void => {
    if (seen.has(id)) return;
    seen.add(id);
    const node = nodeById(network, id);
    if (isConsumer(node) || node.op === 'unembedding') found.set(id, node);
    else node.inputs.forEach(visit);
  };
  network.outputs.forEach(visit);
  return [...found.values()];
}

/** Source → the importance of each of its features. */
async function finalImportances(
  network: Network,
  { features }: Coupling,
  sources: readonly string[],
  images: ImageSource,
  job: Job,
): Promise<Map<string, Float64Array>> {
  const widths = sources.map((id) => features.get(id)?.group.length ?? 0);
  const responses = widths.map((width) => new Float64Array(images.count * width));
  await eachBatch({ ...network, outputs: sources }, images, sources, async (values, first) => {
    for (const [k, id] of sources.entries()) {
      const sums = tf.tidy(() => featureSums(values[id], features.get(id) ?? { axis: values[id].rank - 2 }));
      responses[k].set(await sums.data(), first * widths[k]);
      sums.dispose();
    }
  }, new JobClock(job, images.count));
  return new Map(sources.map((id, k) => [id, infiniteFeatureSelection(responses[k], widths[k])]));
}
