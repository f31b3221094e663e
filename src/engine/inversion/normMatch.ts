import * as tf from '@tensorflow/tfjs-core';
import type { Network, NodeOf } from '../../network/network.ts';

/** Stored variances count as at least this share of their layer's mean: a dead channel's would rule the loss. */
const FLOOR = 0.01;

/** What a batch norm has stored of its input, as the loss uses it. */
interface Stored {
  readonly input: string;
  readonly epsilon: number;
  readonly mean: tf.Tensor1D;
  /** `√(σ² + ε)` */
  readonly deviation: tf.Tensor1D;
  /** `1 / max(σ² + ε, floor)` */
  readonly precision: tf.Tensor1D;
}

/** The distance of one norm layer's input and its gradient there. */
interface Match {
  readonly input: string;
  /** Scalar. */
  readonly distance: tf.Tensor;
  readonly gradient: tf.Tensor;
}

/**
 * How far a batch's statistics at every batch norm's input are from those that it has stored: the mean over the
 * layers, of the mean over their channels, of `(μ_b − μ)² / s + (√(σ_b² + ε) − √(σ² + ε))² / s` with `s = σ² + ε`.
 * Yin et al. (CVPR 2020, equation 4) add up plain differences; in stored deviations no layer outweighs another.
 */
export class NormMatch {
  readonly #stored: readonly Stored[];

  /** Uploads the statistics; the caller calls `dispose`. */
  constructor(network: Network) {
    const norms = network.nodes.filter((node): node is NodeOf<'batchNorm'> => node.op === 'batchNorm');
    this.#stored = norms.map(({ inputs: [input], attributes: { epsilon }, weights: { mean, variance } }) => {
      const whole = Float64Array.from(variance.values, (v) => v + epsilon);
      const floor = (FLOOR * whole.reduce((sum, v) => sum + v, 0)) / whole.length;
      return {
        input,
        epsilon,
        mean: tf.tensor1d(mean.values),
        deviation: tf.tensor1d(Float32Array.from(whole, Math.sqrt)),
        precision: tf.tensor1d(Float32Array.from(whole, (v) => 1 / Math.max(v, floor))),
      };
    });
  }

  get norms(): number {
    return this.#stored.length;
  }

  /** Call it inside `tf.tidy`. `weight` is that of the mean over the layers; distances are unweighted. */
  measure(valueOf: (id: string) => tf.Tensor, weight: number): Match[] {
    return this.#stored.map((stored) => match(stored, valueOf(stored.input), weight / this.#stored.length));
  }

  dispose(): void {
    tf.dispose(this.#stored.map(({ mean, deviation, precision }) => ({ mean, deviation, precision })));
  }
}

/**
 * With n values in each of C channels: `∂/∂x = 2 w / (n C s) · ((μ_b − μ) + (1 − √(σ² + ε) / √(σ_b² + ε)) (x − μ_b))`.
 */
function match({ input, epsilon, mean, deviation, precision }: Stored, x: tf.Tensor, weight: number): Match {
  const own = x.shape.map((_, axis) => axis).slice(0, -1);
  const batchMean = tf.mean(x, own);
  const centred = tf.sub(x, batchMean);
  const batchDeviation = tf.sqrt(tf.add(tf.mean(tf.square(centred), own), epsilon));
  const shift = tf.sub(batchMean, mean);
  const stretch = tf.sub(batchDeviation, deviation);
  const distance = tf.mean(tf.mul(tf.add(tf.square(shift), tf.square(stretch)), precision));
  const scale = tf.mul(precision, (2 * weight) / x.size);
  const gradient = tf.add(tf.mul(centred, tf.mul(scale, tf.div(stretch, batchDeviation))), tf.mul(scale, shift));
  return { input, distance, gradient };
}
