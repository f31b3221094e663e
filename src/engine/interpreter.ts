import * as tf from '@tensorflow/tfjs-core';
import type { ActivationName, Network, Node, NodeOf, Weight } from '../network/network.ts';
import { normAffine, operatorOf } from './operators.ts';

/** One call of the backend: reads earlier values, makes the value called `id`. */
interface Step {
  readonly id: string;
  readonly inputs: readonly string[];
  readonly run: (inputs: readonly tf.Tensor[]) => tf.Tensor;
}

/**
 * A network on the backend: its weights as tensors, its nodes as steps in execution order.
 *
 * Convolution, norm and activation that follow one another alone become one fused call (the norm
 * folded into kernel and bias in float64), except where a value in between is wanted.
 */
export class CompiledNetwork {
  readonly inputId: string;
  readonly output: string;
  readonly #steps: readonly Step[];
  readonly #weights: readonly tf.Tensor[];
  readonly #lastUse: ReadonlyMap<string, number>;

  /** Uploads the weights; the caller calls `dispose`. `taps`: node ids whose values `run` may be asked for. */
  constructor(network: Network, taps: readonly string[] = []) {
    const input = network.nodes.find((node) => node.op === 'input');
    if (!input) throw new Error(`Network "${network.name}" has no input node.`);
    this.inputId = input.id;
    this.output = network.output;
    const builder = new StepBuilder(network, new Set([...taps, network.output]));
    this.#steps = builder.steps();
    this.#weights = builder.tensors;
    this.#lastUse = new Map(this.#steps.flatMap((step, at) => step.inputs.map((id) => [id, at] as const)));
  }

  /**
   * Runs a batch (`images × height × width × channels`, pixels as the network expects them) and
   * returns the wanted values by node id; the caller disposes them. `x` stays the caller's.
   */
  run(x: tf.Tensor, wanted: readonly string[] = [this.output]): Record<string, tf.Tensor> {
    return tf.tidy(() => {
      const values = new Map<string, tf.Tensor>([[this.inputId, x]]);
      const keep = new Set(wanted);
      this.#steps.forEach((step, at) => {
        values.set(step.id, step.run(step.inputs.map((id) => valueOf(values, id))));
        for (const id of step.inputs) {
          if (this.#lastUse.get(id) === at && !keep.has(id) && id !== this.inputId) values.get(id)?.dispose();
        }
      });
      return Object.fromEntries(wanted.map((id) => [id, id === this.inputId ? x.clone() : valueOf(values, id)]));
    });
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

  constructor(network: Network, wanted: ReadonlySet<string>) {
    this.#network = network;
    this.#wanted = wanted;
    for (const node of network.nodes) {
      for (const id of node.inputs) this.#readers.set(id, [...(this.#readers.get(id) ?? []), node]);
    }
  }

  steps(): Step[] {
    const fused = new Set<string>();
    const steps: Step[] = [];
    for (const node of this.#network.nodes) {
      if (node.op === 'input' || fused.has(node.id)) continue;
      if (node.op === 'conv2d') {
        const norm = this.#soleReader(node, 'batchNorm');
        const activation = this.#soleReader(norm ?? node, 'activation');
        const fusable = activation && isFusable(activation.attributes.function) ? activation : undefined;
        for (const part of [norm, fusable]) if (part) fused.add(part.id);
        steps.push(this.#convolution(node, norm, fusable));
      } else {
        steps.push({ id: node.id, inputs: node.inputs, run: operatorOf(node, (weight) => this.#upload(weight)) });
      }
    }
    return steps;
  }

  #soleReader<O extends Node['op']>(node: Node, op: O): NodeOf<O> | undefined {
    const readers = this.#readers.get(node.id) ?? [];
    if (readers.length !== 1 || this.#wanted.has(node.id) || readers[0].op !== op) return undefined;
    return readers[0] as unknown as NodeOf<O>;
  }

  #upload(weight: Weight): tf.Tensor {
    const tensor = tf.tensor(weight.values, [...weight.shape], 'float32');
    this.tensors.push(tensor);
    return tensor;
  }

  #convolution(node: NodeOf<'conv2d'>, norm?: NodeOf<'batchNorm'>, activation?: NodeOf<'activation'>): Step {
    const { strides, padding, dilations } = node.attributes;
    const folded = norm ? foldNorm(node, norm) : node.weights;
    const filter = this.#upload(folded.kernel) as tf.Tensor4D;
    const bias = folded.bias ? this.#upload(folded.bias) : undefined;
    return {
      id: (activation ?? norm ?? node).id,
      inputs: node.inputs,
      run: ([x]) =>
        tf.fused.conv2d({
          x: x as tf.Tensor4D,
          filter,
          strides: [...strides],
          pad: padding,
          dilations: [...dilations],
          bias,
          activation: activation ? activation.attributes.function as 'relu' : 'linear',
        }),
    };
  }
}

function isFusable(name: ActivationName): boolean {
  return name === 'relu' || name === 'relu6';
}

function foldNorm(node: NodeOf<'conv2d'>, norm: NodeOf<'batchNorm'>): { kernel: Weight; bias: Weight } {
  const { scale, shift } = normAffine(norm);
  const { kernel, bias } = node.weights;
  const m = scale.length;
  return {
    kernel: { shape: kernel.shape, values: kernel.values.map((w, k) => w * scale[k % m]) },
    bias: { shape: [m], values: Float32Array.from(shift, (s, c) => s + (bias?.values[c] ?? 0) * scale[c]) },
  };
}
