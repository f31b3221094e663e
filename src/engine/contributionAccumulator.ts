import * as tf from '@tensorflow/tfjs-core';
import type { ConsumerNode, Shape } from '../network/network.ts';
import type { ConsumerLayer } from '../pruning/consumerLayers.ts';
import { componentWeights, emptyKernel, writeWeights } from '../pruning/layerWeights.ts';
import type { ContributionSums, LayerSums } from '../pruning/statisticsStore.ts';
import { layerOutput } from './layerInput.ts';
import { operatorOf } from './operators.ts';
import type { Operator } from './operators/operator.ts';

/**
 * For a layer too wide for its patch Gram: `b_ci = Σ A_ci Y_c` and `d_ci = Σ A_ci²`, each input's
 * contribution `A_ci` computed by the layer itself with all other inputs left out. As much arithmetic
 * as one forward pass, in n small calls; memory of one contribution.
 */
export class ContributionAccumulator {
  readonly #layer: ConsumerLayer;
  readonly #whole: Operator;
  readonly #single: readonly Operator[];
  readonly #tensors: tf.Tensor[] = [];
  #sums: ContributionSums;

  constructor(layer: ConsumerLayer) {
    this.#layer = layer;
    const upload = (weight: { readonly shape: Shape; readonly values: Float32Array }): tf.Tensor => {
      const tensor = tf.tensor(weight.values, [...weight.shape], 'float32');
      this.#tensors.push(tensor);
      return tensor;
    };
    const { node, n, p, m } = layer;
    this.#whole = operatorOf({ ...node, weights: { kernel: node.weights.kernel } } as ConsumerNode, upload);
    const weights = componentWeights(layer, node.weights.kernel);
    const alone = { ...layer, part: 0, parts: 1 };
    this.#single = Array.from({ length: n }, (_, i) => {
      const own = new Float64Array(m * p);
      for (let c = 0; c < m; c++) own.set(weights.subarray((c * n + i) * p, (c * n + i + 1) * p), c * p);
      const kernel = emptyKernel(node, 1, p, m);
      writeWeights(alone, own, kernel);
      const attributes = node.op === 'conv2d' ? { ...node.attributes, groups: 1 } : node.attributes;
      return operatorOf({ ...node, attributes, weights: { kernel } } as ConsumerNode, upload);
    });
    this.#sums = this.#zeros();
  }

  /** Adds a batch of the node's inputs. The tensor stays the caller's. */
  async add(inputs: tf.Tensor): Promise<void> {
    const { n, m } = this.#layer;
    const [cross, own, energy] = tf.tidy(() => {
      const { positions } = this.#layer;
      const x = positions ? tf.gather(inputs, [...positions], 1) : inputs;
      const y = layerOutput(this.#layer, this.#whole([x]));
      const axes = y.shape.map((_, axis) => axis).slice(0, -1);
      const pairs = this.#single.map((operator, i) =>
        tf.tidy(() => {
          const contribution = operator([this.#input(x, i)]);
          return [tf.sum(tf.mul(contribution, y), axes), tf.sum(tf.square(contribution), axes)];
        }));
      return [tf.stack(pairs.map(([b]) => b), 1), tf.stack(pairs.map(([, d]) => d), 1), tf.sum(tf.square(y), axes)];
    });
    try {
      addInto(this.#sums.cross, await cross.data(), m * n);
      addInto(this.#sums.own, await own.data(), m * n);
      addInto(this.#sums.energy, await energy.data(), m);
    } finally {
      tf.dispose([cross, own, energy]);
    }
  }

  /** The sums since the last `take`. */
  async take(): Promise<LayerSums> {
    const contributions = this.#sums;
    this.#sums = this.#zeros();
    return { layer: this.#layer.id, contributions };
  }

  dispose(): void {
    tf.dispose(this.#tensors);
  }

  /** The values of component i alone, as an operator with one input takes them. */
  #input(x: tf.Tensor, i: number): tf.Tensor {
    const { node, n, p, part, flattened } = this.#layer;
    if (flattened) return tf.reshape(tf.slice(tf.reshape(x, [x.shape[0], p, n]), [0, 0, i], [x.shape[0], p, 1]), [x.shape[0], p]);
    // features of a head stand side by side; a convolution has one for each input
    const width = node.op === 'dense' ? p : 1;
    const begin = x.shape.map((_, axis) => (axis === x.rank - 1 ? (part * n + i) * width : 0));
    return tf.slice(x, begin, x.shape.with(x.rank - 1, width));
  }

  #zeros(): ContributionSums {
    const { n, m } = this.#layer;
    return { cross: new Float64Array(m * n), own: new Float64Array(m * n), energy: new Float64Array(m) };
  }
}

function addInto(sums: Float64Array, values: ArrayLike<number>, count: number): void {
  for (let k = 0; k < count; k++) sums[k] += values[k];
}
