import * as tf from '@tensorflow/tfjs-core';
import type { Network, Node, NodeOf, Weight } from '../network/network.ts';
import { assertWeightFits } from './backend.ts';
import { operatorOf } from './operators.ts';
import { foldNorm, isLinear } from './operators/foldNorm.ts';
import type { FusedActivation, Operator } from './operators/operator.ts';

/** One node, or several fused into one: reads earlier values, makes the value called `id`. */
interface Step {
  readonly id: string;
  /** The nodes, in execution order; `id` is the last. */
  readonly nodes: readonly string[];
  readonly inputs: readonly string[];
  readonly run: Operator;
}

/**
 * What a consumer reads in place of its input's value; called with the consumer's id. The value is not
 * to be disposed; runs inside `tf.tidy`.
 */
export type ReadHook = (consumer: string, value: tf.Tensor) => tf.Tensor;

/**
 * A network on the backend: its weights as tensors, its nodes as steps in execution order.
 *
 * A linear node (convolution of any kind, dense), a norm and a relu that follow one another alone
 * become one step (the norm folded into kernel and bias in float64), except where a value in between
 * is wanted.
 */
export class CompiledNetwork {
  readonly inputId: string;
  readonly outputs: readonly string[];
  readonly #steps: readonly Step[];
  readonly #weights: readonly tf.Tensor[];
  readonly #lastUse: ReadonlyMap<string, number>;

  /**
   * Uploads the weights; the caller calls `dispose`. `taps`: node ids whose values `run` may be asked
   * for, besides the outputs. Throws `UnsupportedNodeError` for a node that the backends cannot
   * run, and `BufferLimitError` for a weight that the GPU cannot hold in one buffer.
   */
  constructor(network: Network, taps: readonly string[] = []) {
    const input = network.nodes.find((node) => node.op === 'input');
    if (!input) throw new Error(`Network "${network.name}" has no input node.`);
    this.inputId = input.id;
    this.outputs = network.outputs;
    const builder = new StepBuilder(network, new Set([...taps, ...network.outputs]));
    this.#steps = builder.steps();
    this.#weights = builder.tensors;
    this.#lastUse = new Map(this.#steps.flatMap((step, at) => step.inputs.map((id) => [id, at] as const)));
  }

  /**
   * Runs a batch (`images × height × width × channels`, pixels as the network expects them) and
   * returns the wanted values by node id; the caller disposes them. `x` stays the caller's. Of a
   * network with several input nodes, `x` has a batch for each by id. `read` is asked for the first
   * input of every step (of every consumer, therefore).
   */
  run(
    x: tf.Tensor | Readonly<Record<string, tf.Tensor>>,
    wanted: readonly string[] = this.outputs,
    read?: ReadHook,
  ): Record<string, tf.Tensor> {
    const given = new Map(x instanceof tf.Tensor ? [[this.inputId, x]] : Object.entries(x));
    return tf.tidy(() => {
      const values = new Map(given);
      const keep = new Set(wanted);
      // nothing wanted comes after its last step (a language model's head takes longer than its last blocks)
      const end = read ? this.#steps.length : this.#steps.findLastIndex(({ id }) => keep.has(id)) + 1;
      this.#steps.slice(0, end).forEach((step, at) => {
        // tidied by itself, for what an operator leaves behind may be larger than all that is still needed
        values.set(step.id, tf.tidy(() => step.run(step.inputs.map((id, k) => {
          const value = valueOf(values, id);
          return read && k === 0 ? read(step.nodes[0], value) : value;
        }))));
        for (const id of step.inputs) {
          if (this.#lastUse.get(id) === at && !keep.has(id) && !given.has(id)) values.get(id)?.dispose();
        }
      });
      return Object.fromEntries(wanted.map((id) => [id, given.get(id)?.clone() ?? valueOf(values, id)]));
    });
  }

  /**
   * Goes through the steps of a batch one at a time: `visit` gets the ids of a step's nodes and a
   * function that runs it once and drops what it made. `x` stays the caller's.
   */
  async eachStep(x: tf.Tensor, visit: (nodes: readonly string[], run: () => void) => Promise<void>): Promise<void> {
    const values = new Map<string, tf.Tensor>([[this.inputId, x]]);
    try {
      for (const [at, step] of this.#steps.entries()) {
        const made = () => tf.tidy(() => step.run(step.inputs.map((id) => valueOf(values, id))));
        await visit(step.nodes, () => made().dispose());
        values.set(step.id, made());
        for (const id of step.inputs) {
          if (this.#lastUse.get(id) === at && id !== this.inputId) values.get(id)?.dispose();
        }
      }
    } finally {
      values.delete(this.inputId);
      tf.dispose([...values.values()]);
    }
  }

  /** The number of steps. */
  get steps(): number {
    return this.#steps.length;
  }

  dispose(): void {
    tf.dispose([...this.#weights]);
  }
}

function valueOf(values: ReadonlyMap<string, tf.Tensor>, id: string): tf.Tensor {
  const value = values.get(id);
  if (!value) throw new Error(`No value for node "${id}": it was fused away or does not exist.`);
  return value;
}

class StepBuilder {
  readonly tensors: tf.Tensor[] = [];
  readonly #network: Network;
  readonly #wanted: ReadonlySet<string>;
  readonly #readers = new Map<string, Node[]>();
  readonly #uploaded = new Map<Weight, tf.Tensor>();

  constructor(network: Network, wanted: ReadonlySet<string>) {
    this.#network = network;
    this.#wanted = wanted;
    for (const node of network.nodes) {
      for (const id of node.inputs) this.#readers.set(id, [...(this.#readers.get(id) ?? []), node]);
    }
  }

  /** What was uploaded before a node turned out not to run is freed again. */
  steps(): Step[] {
    const fused = new Set<string>();
    try {
      return this.#network.nodes.flatMap((node) => {
        if (node.op === 'input' || fused.has(node.id)) return [];
        return [this.#step(node, fused)];
      });
    } catch (error) {
      tf.dispose(this.tensors);
      throw error;
    }
  }

  #step(node: Exclude<Node, NodeOf<'input'>>, fused: Set<string>): Step {
    const norm = isLinear(node) ? this.#soleReader(node, 'batchNorm') : undefined;
    const relu = isLinear(node) || node.op === 'batchNorm' ? this.#fusableReader(norm ?? node) : undefined;
    for (const part of [norm, relu?.node]) if (part) fused.add(part.id);
    const whole = norm && isLinear(node) ? foldNorm(node, norm) : node;
    const nodes = [node, norm, relu?.node].flatMap((part) => part?.id ?? []);
    return {
      id: nodes[nodes.length - 1],
      nodes,
      inputs: node.inputs,
      run: operatorOf(whole, (weight) => this.#upload(weight), relu?.activation),
    };
  }

  #fusableReader(node: Node): { node: Node; activation: FusedActivation } | undefined {
    const reader = this.#soleReader(node, 'activation');
    const name = reader?.attributes.function;
    return reader && (name === 'relu' || name === 'relu6') ? { node: reader, activation: name } : undefined;
  }

  #soleReader<O extends Node['op']>(node: Node, op: O): NodeOf<O> | undefined {
    const readers = this.#readers.get(node.id) ?? [];
    if (readers.length !== 1 || this.#wanted.has(node.id) || readers[0].op !== op) return undefined;
    return readers[0] as unknown as NodeOf<O>;
  }

  /** A weight that several nodes share (an embedding's table) is uploaded once. */
  #upload(weight: Weight): tf.Tensor {
    const known = this.#uploaded.get(weight);
    if (known) return known;
    assertWeightFits(weight.shape);
    const tensor = tf.tensor(weight.values, [...weight.shape], 'float32');
    this.#uploaded.set(weight, tensor);
    this.tensors.push(tensor);
    return tensor;
  }
}
