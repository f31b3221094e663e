import * as tf from '@tensorflow/tfjs-core';
import { isConsumer, type ConsumerNode } from '../../network/network.ts';
import { eachKernelValue } from '../../pruning/criteria/kernelValues.ts';
import { Correlator } from '../kernels/correlator.ts';
import { weightGradients } from '../training/weightGradients.ts';
import { ChannelSums } from './groupReads.ts';
import { eachLossGradient } from './lossGradients.ts';
import type { NetworkCriterion } from './networkCriterion.ts';

/**
 * LLM-Pruner (Ma, Fang and Wang, LLM-Pruner: On the Structural Pruning of Large Language Models, NeurIPS 2023, arXiv 2305.11627):
 * the importance of a coupled structure is the sum over its weights of `|w · ∂L/∂w|`, the first-order change of the loss when
 * that weight alone is 0 (the paper's element-wise importance without its second-order term, summed over the group). L is the mean
 * cross-entropy over the calibration samples: of the next tokens of a text, or of the classes of pictures.
 *
 * A component's weights are those that make it and those that read it: of a neuron its columns of up and gate and its row of
 * down, of a head its parts of all four projections. Kernels of linear layers count, biases and norms do not.
 *
 * @throws LabelsNeededError, GradientsUnavailableError, CancelledError, DeviceLostError, InputShapeError
 */
export const llmPruner: NetworkCriterion = async ({ network, coupled, images, labels }, job = {}) => {
  const layers = new Map(network.nodes.filter(isConsumer).map((node) => [node.id, node]));
  const touching = Array.from(layers.values()).filter(({ id, inputs: [input] }) =>
    [id, input].some((value) => coupled.features.get(value)?.groups.some(({ frozen }) => frozen === undefined)));
  const gradients = new Map(touching.map(({ id, weights }) => [id, new Float64Array(weights.kernel.values.length)]));
  // filters' gradients on wasm are our own kernel's; a device multiplies by itself
  const correlator = tf.getBackend() === 'wasm' ? await Correlator.create() : undefined;
  const made: { readonly node: ConsumerNode; readonly value: tf.Tensor; readonly gradient: tf.Tensor }[] = [];
  const release = () => tf.dispose(made.splice(0).flatMap(({ value, gradient }) => [value, gradient]));
  try {
    await eachLossGradient('LLM-Pruner', { network, images, ...(labels ? { labels } : {}) }, gradients.keys(), (consumer, value, _, gradient) => {
      const node = layers.get(consumer);
      if (node) made.push({ node, value: tf.keep(tf.clone(value)), gradient: tf.keep(tf.clone(gradient)) });
    }, async () => {
      for (const { node, value, gradient } of made) {
        const { kernel } = await weightGradients({ ...node, weights: { kernel: node.weights.kernel } } as ConsumerNode, value, gradient, correlator);
        const sum = gradients.get(node.id);
        if (sum) kernel.forEach((own, at) => (sum[at] += own / images.count));
      }
      release();
    }, job);
  } finally {
    release();
  }
  const sums = new ChannelSums(coupled);
  for (const [id, gradient] of gradients) {
    const node = layers.get(id);
    const [read, written] = [coupled.features.get(node?.inputs[0] ?? ''), coupled.features.get(id)];
    if (!node || !read || !written) continue;
    const [inputs, outputs] = [new Float64Array(read.group.length), new Float64Array(written.group.length)];
    let at = 0;
    eachKernelValue(node, (weight, input, output) => {
      const change = Math.abs(weight * gradient[at++]);
      inputs[input] += change;
      outputs[output] += change;
    });
    sums.add(read, inputs);
    sums.add(written, outputs);
  }
  return sums.scores;
};
