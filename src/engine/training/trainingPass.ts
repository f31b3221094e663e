import * as tf from '@tensorflow/tfjs-core';
import type { Network, Node, NodeOf } from '../../network/network.ts';
import { inferShapes } from '../../network/shapes.ts';
import { assertWeightFits } from '../backend.ts';
import { adjointOf, type Adjoint } from '../criteria/adjoint.ts';
import { GradientsUnavailableError } from '../criteria/backpropagation.ts';
import { localGradients } from '../criteria/localGradients.ts';
import type { Correlator } from '../kernels/correlator.ts';
import { operatorOf } from '../operators.ts';
import { isLinear } from '../operators/foldNorm.ts';
import type { Operator, Upload } from '../operators/operator.ts';
import { batchNormGradients, normaliseBatch, normalisedGradient, type NormalisedBatch } from './batchStatistics.ts';
import { foldNorms, unfoldedGradients, type FoldedNetwork } from './foldedNorms.ts';
import { isTrainable, type WeightArrays } from './trainableWeights.ts';
import type { NormMode } from './trainingRequest.ts';
import { weightGradients, type NodeGradients } from './weightGradients.ts';

/** A batch's statistics at a norm, in `batch` mode. */
export interface NormStatistics {
  readonly mean: Float32Array;
  /** Biased. */
  readonly variance: Float32Array;
  /** Values of each channel in the batch. */
  readonly samples: number;
}

export interface PassResult {
  /** Gradients of all trainable weights, summed over the batch. */
  readonly gradients: WeightArrays;
  readonly statistics: ReadonlyMap<string, NormStatistics>;
}

type Cut = 'relu' | 'relu6';
type Runnable = Exclude<Node, NodeOf<'input'>>;

/** A node, with a relu that alone reads it done in the same call. */
interface Step {
  /** Of the value: the node's, or its relu's. */
  readonly id: string;
  readonly node: Runnable;
  readonly cut?: Cut;
  readonly run: Operator;
  /** From the gradient of the node's value to that of its input, where it is linear. */
  readonly adjoint?: Adjoint;
  readonly trainable: boolean;
  /** A norm by the batch's own statistics. */
  readonly live: boolean;
}

/**
 * Reverse-mode differentiation of a network by its weights, of forward operators alone (`adjointOf`,
 * `localGradients`, `weightGradients`), so that it works on every backend.
 *
 * Frozen norms are folded into the layers before them and their gradients recovered from the folded ones
 * (`foldNorms`). Memory: the values of a batch at once, and of their gradients those still needed.
 */
export class TrainingPass {
  readonly #inputId: string;
  readonly #logits: string;
  readonly #steps: readonly Step[];
  readonly #weights: tf.Tensor[] = [];
  readonly #folded: FoldedNetwork;
  /** Ids of values that depend on something trainable. */
  readonly #wanted = new Set<string>();
  readonly #correlator: Correlator | undefined;

  /** Uploads the weights; the caller calls `dispose`. `logits`: the node whose value's gradient starts the way back. */
  constructor(network: Network, logits: string, norms: NormMode, correlator: Correlator | undefined) {
    const input = network.nodes.find((node) => node.op === 'input');
    if (!input) throw new Error(`Network "${network.name}" has no input node.`);
    this.#inputId = input.id;
    this.#logits = logits;
    this.#correlator = correlator;
    const whole = { ...network, outputs: [logits] };
    this.#folded = norms === 'frozen' ? foldNorms(whole) : { network: whole, folds: new Map() };
    const upload: Upload = ({ shape, values }) => {
      assertWeightFits(shape);
      const tensor = tf.tensor(values, [...shape], 'float32');
      this.#weights.push(tensor);
      return tensor;
    };
    try {
      this.#steps = this.#stepsOf(needed(this.#folded.network, logits), norms, upload);
    } catch (error) {
      this.dispose();
      throw error;
    }
  }

  /**
   * One batch forwards and back: `seed` gets the logits and gives the gradient of the loss by them. `x` stays
   * the caller's.
   *
   * @throws GradientsUnavailableError
   */
  async run(x: tf.Tensor, seed: (logits: Float32Array) => Float32Array): Promise<PassResult> {
    const values = new Map<string, tf.Tensor>([[this.#inputId, x.clone()]]);
    const normalised = new Map<string, NormalisedBatch>();
    const gradients = new Map<string, tf.Tensor>();
    try {
      for (const step of this.#steps) this.#forward(step, values, normalised);
      const logits = valueOf(values, this.#logits);
      gradients.set(this.#logits, tf.tensor(seed((await logits.data()) as Float32Array), logits.shape, 'float32'));
      const statistics = await statisticsOf(normalised);
      return { gradients: await this.#backward(values, normalised, gradients), statistics };
    } finally {
      tf.dispose([...values.values(), ...gradients.values(), ...Array.from(normalised.values(), parts).flat()]);
    }
  }

  dispose(): void {
    tf.dispose(this.#weights);
  }

  #stepsOf(network: Network, norms: NormMode, upload: Upload): Step[] {
    const shapes = inferShapes(network);
    const fused = new Set<string>();
    return network.nodes.flatMap((node): Step[] => {
      if (node.op === 'input' || fused.has(node.id)) return [];
      const trainable = isTrainable(node);
      const back = node.inputs.some((id) => this.#wanted.has(id));
      const relu = isLinear(node) ? soleRelu(network, node.id) : undefined;
      if (relu) fused.add(relu.id);
      const id = relu?.id ?? node.id;
      if (trainable || back) this.#wanted.add(id);
      const live = node.op === 'batchNorm' && norms === 'batch';
      const adjoint = back && !live ? adjointOf(node, shapes.get(node.inputs[0]) ?? [], upload) : undefined;
      const run = operatorOf(node, upload, relu?.cut);
      return [{ id, node, run, trainable, live, ...(relu ? { cut: relu.cut } : {}), ...(adjoint ? { adjoint } : {}) }];
    });
  }

  #forward({ id, node, run, live }: Step, values: Map<string, tf.Tensor>, normalised: Map<string, NormalisedBatch>): void {
    const inputs = node.inputs.map((input) => valueOf(values, input));
    if (live && node.op === 'batchNorm') {
      const batch = normaliseBatch(node, inputs[0]);
      normalised.set(id, batch);
      values.set(id, batch.value.clone());
    } else {
      values.set(id, tf.tidy(() => run(inputs)));
    }
  }

  /** Frees values and gradients as it goes. */
  async #backward(values: Map<string, tf.Tensor>, normalised: ReadonlyMap<string, NormalisedBatch>, gradients: Map<string, tf.Tensor>): Promise<WeightArrays> {
    const found = new Map<string, NodeGradients>();
    const pending: Promise<void>[] = [];
    for (const step of this.#steps.toReversed()) {
      const above = gradients.get(step.id);
      const value = valueOf(values, step.id);
      if (above) {
        gradients.delete(step.id);
        const gradient = step.cut ? passedBy(step.cut, value, above) : above; // no clone: wasm copies
        try {
          if (step.trainable) {
            const own = this.#weightGradients(step, values, normalised.get(step.id), gradient).then((made) => void found.set(step.node.id, made));
            // on wasm the tensors are read later in this task, elsewhere all is on its way already
            if (tf.getBackend() === 'wasm') await own;
            else pending.push(own);
            own.catch(() => {}); // reported by the await, here or at the end
          }
          this.#spread(step, values, normalised.get(step.id), gradient, gradients);
        } finally {
          tf.dispose([gradient, above]);
        }
      }
      value.dispose();
      values.delete(step.id);
    }
    await Promise.all(pending);
    return this.#unfolded(found);
  }

  async #weightGradients({ node, live }: Step, values: ReadonlyMap<string, tf.Tensor>, batch: NormalisedBatch | undefined, gradient: tf.Tensor): Promise<NodeGradients> {
    try {
      if (live && batch && node.op === 'batchNorm') return await batchNormGradients(node, batch, gradient);
      return await weightGradients(node, valueOf(values, node.inputs[0]), gradient, this.#correlator);
    } catch (error) {
      throw new GradientsUnavailableError(node, tf.getBackend(), error);
    }
  }

  /** Adds what the node's gradient gives to those of its inputs. */
  #spread(
    { node, live, adjoint }: Step,
    values: ReadonlyMap<string, tf.Tensor>,
    batch: NormalisedBatch | undefined,
    gradient: tf.Tensor,
    gradients: Map<string, tf.Tensor>,
  ): void {
    if (!node.inputs.some((id) => this.#wanted.has(id))) return;
    const inputs = node.inputs.map((id) => valueOf(values, id));
    const output = values.get(node.id) ?? gradient;
    let made: tf.Tensor[];
    try {
      made = tf.tidy(() => {
        if (live && batch && node.op === 'batchNorm') return [normalisedGradient(node, batch, gradient)];
        return (adjoint ? [adjoint(gradient)] : localGradients(node, inputs, output, gradient)).map((own) => (own === gradient ? own.clone() : own));
      });
    } catch (error) {
      throw new GradientsUnavailableError(node, tf.getBackend(), error);
    }
    for (const [k, id] of node.inputs.entries()) {
      const own = made[k];
      const sum = gradients.get(id);
      if (!this.#wanted.has(id)) own.dispose();
      else if (!sum) gradients.set(id, own);
      else {
        gradients.set(id, tf.add(sum, own));
        tf.dispose([sum, own]);
      }
    }
  }

  #unfolded(found: ReadonlyMap<string, NodeGradients>): WeightArrays {
    const gradients = new Map<string, NodeGradients>();
    for (const [id, own] of found) {
      const fold = this.#folded.folds.get(id);
      if (!fold) {
        gradients.set(id, own);
        continue;
      }
      const { linear, norm } = unfoldedGradients(fold, own);
      gradients.set(fold.linear.id, linear);
      gradients.set(fold.norm.id, norm);
    }
    return gradients;
  }
}

/** What the node `id` depends on, itself among it. */
function needed(network: Network, id: string): Network {
  const used = new Set([id]);
  for (const node of network.nodes.toReversed()) if (used.has(node.id)) node.inputs.forEach((input) => used.add(input));
  return { ...network, nodes: network.nodes.filter((node) => node.op === 'input' || used.has(node.id)) };
}

function soleRelu({ nodes, outputs }: Network, id: string): { readonly id: string; readonly cut: Cut } | undefined {
  if (outputs.includes(id)) return undefined;
  const readers = nodes.filter(({ inputs }) => inputs.includes(id));
  const [reader] = readers;
  if (readers.length !== 1 || reader.op !== 'activation') return undefined;
  const name = reader.attributes.function;
  return name === 'relu' || name === 'relu6' ? { id: reader.id, cut: name } : undefined;
}

/** The gradient before a relu from that behind it and the relu's value. */
function passedBy(cut: Cut, value: tf.Tensor, gradient: tf.Tensor): tf.Tensor {
  return tf.tidy(() => {
    const open = cut === 'relu' ? tf.greater(value, 0) : tf.logicalAnd(tf.greater(value, 0), tf.less(value, 6));
    return tf.where(open, gradient, tf.zerosLike(gradient));
  });
}

function valueOf(values: ReadonlyMap<string, tf.Tensor>, id: string): tf.Tensor {
  const value = values.get(id);
  if (!value) throw new Error(`Node "${id}" was read before it was computed.`);
  return value;
}

function parts({ value, normal, mean, variance }: NormalisedBatch): tf.Tensor[] {
  return [value, normal, mean, variance];
}

async function statisticsOf(normalised: ReadonlyMap<string, NormalisedBatch>): Promise<Map<string, NormStatistics>> {
  const found = await Promise.all(Array.from(normalised, async ([id, { normal, mean, variance }]) => {
    const [own, spread] = await Promise.all([mean.data(), variance.data()]);
    return [id, { mean: own as Float32Array, variance: spread as Float32Array, samples: normal.size / own.length }] as const;
  }));
  return new Map(found);
}
