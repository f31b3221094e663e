import * as tf from '@tensorflow/tfjs-core';
import type { Job } from '../engine/job.ts';
import { normAffine, operatorOf } from '../engine/operators.ts';
import type { Operator } from '../engine/operators/operator.ts';
import { permutation, seededRandom, type Random } from '../fidelity/random.ts';
import type { Network, Node, NodeOf } from '../network/network.ts';
import { eachBatchOf } from './forward.ts';
import type { Lipschitz } from './results.ts';
import type { TheoryInput } from './theoryInput.ts';

/** Others that each image is paired with. */
const PAIRS_PER_IMAGE = 8;

type NormNode = NodeOf<'batchNorm'> | NodeOf<'layerNorm'> | NodeOf<'rmsNorm'> | NodeOf<'groupNorm'>;

/**
 * Assumption B.2: how far a norm layer pulls its inputs apart, `‖f(x) − f(x')‖ / ‖x − x'‖`, over random
 * pairs of the values that it actually gets: x is all that it reads for one calibration image. Pairs of
 * equal values are left out.
 *
 * The bound is `max_c |γ_c| / √(σ_c² + ε)`. A batch norm has its deviations σ_c in its weights. Layer,
 * root-mean-square and group norms measure theirs on each vector; there the least one that was met holds for all pairs: with
 * `x̃ = (x − mean, √(dε))` the norm is `√d x̃ / ‖x̃‖`, and `‖x/‖x‖ − y/‖y‖‖ ≤ ‖x − y‖ / min(‖x‖, ‖y‖)`.
 */
export async function lipschitz({ network, calibration: images, seed }: TheoryInput, job: Job = {}): Promise<Lipschitz> {
  const random = seededRandom(seed);
  const norms = network.nodes.filter(isNorm).map((node) => new MeasuredNorm(node));
  const wanted = [...new Set(norms.map(({ node }) => node.inputs[0]))];
  let pairs = 0;
  try {
    await eachBatchOf(network, images, wanted, async (values, _, count) => {
      const partners = partnersOf(count, random);
      pairs += partners.reduce((sum, order) => sum + order.filter((other, image) => other !== image).length, 0);
      for (const norm of norms) await norm.add(values[norm.node.inputs[0]], partners);
    }, job);
  } finally {
    for (const norm of norms) norm.dispose();
  }
  return { experiment: 'lipschitz', pairs, norms: norms.map((norm) => norm.result()) };
}

function isNorm(node: Network['nodes'][number]): node is NormNode & Node {
  return node.op === 'batchNorm' || node.op === 'layerNorm' || node.op === 'rmsNorm' || node.op === 'groupNorm';
}

/** Random orders of a batch: image k goes with image `order[k]`. */
function partnersOf(count: number, random: Random): Int32Array[] {
  return Array.from({ length: PAIRS_PER_IMAGE }, () => permutation(count, random));
}

class MeasuredNorm {
  readonly node: NormNode;
  readonly #apply: Operator;
  readonly #uploaded: tf.Tensor[] = [];
  readonly #ratios: number[] = [];
  #leastDeviation = Number.POSITIVE_INFINITY;

  constructor(node: NormNode) {
    this.node = node;
    this.#apply = operatorOf(node, (weight) => {
      const tensor = tf.tensor(weight.values, [...weight.shape], 'float32');
      this.#uploaded.push(tensor);
      return tensor;
    });
    if (node.op === 'batchNorm') {
      for (const variance of node.weights.variance.values) this.#meet(Math.sqrt(variance + node.attributes.epsilon));
    }
  }

  /** Measures the pairs of a batch; `x` stays the caller's. */
  async add(x: tf.Tensor, partners: readonly Int32Array[]): Promise<void> {
    const { node } = this;
    if (node.op !== 'batchNorm') {
      const least = tf.tidy(() => tf.sqrt(tf.add(tf.min(ownVariances(node, x)), node.attributes.epsilon)));
      const [value] = await least.data();
      least.dispose();
      this.#meet(value);
    }
    const y = tf.tidy(() => this.#apply([x]));
    const [before, after] = (await Promise.all([x.data(), y.data()])) as [Float32Array, Float32Array];
    y.dispose();
    const size = x.size / x.shape[0];
    for (const order of partners) {
      order.forEach((other, image) => {
        const distance = squaredDistance(before, image * size, other * size, size);
        if (distance > 0) this.#ratios.push(Math.sqrt(squaredDistance(after, image * size, other * size, size) / distance));
      });
    }
  }

  result(): Lipschitz['norms'][number] {
    const sorted = Float64Array.from(this.#ratios).sort();
    const leastDeviation = this.#leastDeviation;
    return {
      node: this.node.id,
      greatest: sorted.at(-1) ?? 0,
      median: sorted.length === 0 ? 0 : (sorted[Math.floor((sorted.length - 1) / 2)] + sorted[Math.ceil((sorted.length - 1) / 2)]) / 2,
      bound: this.#bound(),
      leastDeviation,
    };
  }

  dispose(): void {
    tf.dispose(this.#uploaded);
  }

  #bound(): number {
    const { node } = this;
    if (node.op === 'batchNorm') return normAffine(node).scale.reduce((most, s) => Math.max(most, Math.abs(s)), 0);
    const most = node.weights.gamma?.values.reduce((max, gamma) => Math.max(max, Math.abs(gamma)), 0) ?? 1;
    return most / this.#leastDeviation;
  }

  #meet(deviation: number): void {
    this.#leastDeviation = Math.min(this.#leastDeviation, deviation);
  }
}

/** Of two runs of `size` values. */
function squaredDistance(values: Float32Array, one: number, other: number, size: number): number {
  let sum = 0;
  for (let k = 0; k < size; k++) sum += (values[one + k] - values[other + k]) ** 2;
  return sum;
}

/** The variance (mean square, where the norm takes no mean off) of every vector that the norm standardises. */
function ownVariances(node: NodeOf<'layerNorm'> | NodeOf<'rmsNorm'> | NodeOf<'groupNorm'>, x: tf.Tensor): tf.Tensor {
  const [images, channels] = [x.shape[0], x.shape[x.rank - 1]];
  if (node.op !== 'groupNorm') {
    const present = channels / (node.attributes.over ?? channels);
    const square = tf.mul(tf.mean(tf.square(x), x.rank - 1), present);
    if (node.op === 'rmsNorm') return square;
    if (present === 1) return tf.moments(x, x.rank - 1).variance;
    return tf.sub(square, tf.square(tf.mul(tf.mean(x, x.rank - 1), present)));
  }
  const { groups } = node.attributes;
  return tf.moments(tf.reshape(x, [images, x.size / (images * channels), groups, channels / groups]), [1, 3]).variance;
}
