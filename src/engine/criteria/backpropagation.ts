import * as tf from '@tensorflow/tfjs-core';
import type { Network, Node, NodeOf, Shape, Weight } from '../../network/network.ts';
import { inferShapes } from '../../network/shapes.ts';
import { assertWeightFits } from '../backend.ts';
import { operatorOf } from '../operators.ts';
import type { Operator, Upload } from '../operators/operator.ts';
import { adjointOf, type Adjoint } from './adjoint.ts';
import { localGradients } from './localGradients.ts';

/** Thrown where a backend cannot compute the gradient of a node. */
export class GradientsUnavailableError extends Error {
  override readonly name = 'GradientsUnavailableError';
  readonly node: string;
  constructor(node: Node, backend: string, cause: unknown) {
    const reason = cause instanceof Error ? cause.message.replace(/\.$/, '') : String(cause);
    super(
      `The gradient of layer "${node.id}" (${node.op}${node.op === 'activation' ? `, ${node.attributes.function}` : ''}) cannot be computed on ${backend}: ` +
        `${reason}. Choose another backend, or a rule that needs no gradients.`,
      { cause },
    );
    this.node = node.id;
  }
}

/**
 * Gets a consumer's id, the value that it reads, the gradient there and that of the consumer's own value; all stay the
 * pass's. Runs inside `tf.tidy`.
 */
export type OnRead = (consumer: string, value: tf.Tensor, gradient: tf.Tensor, outputGradient: tf.Tensor) => void;

interface Step {
  readonly node: Exclude<Node, NodeOf<'input'>>;
  readonly run: Operator;
  readonly adjoint: Adjoint | undefined;
}

/**
 * A network that runs forwards node by node and then hands gradients back, with respect to what its
 * consumers read: reverse-mode differentiation over nodes, without weights' gradients (`weightGradients` makes
 * those of what `OnRead` gets). Memory: every value of a batch at once.
 */
export class Backpropagation {
  readonly #inputId: string;
  readonly #steps: readonly Step[];
  readonly #weights: tf.Tensor[] = [];
  /** Nodes whose value's gradient something wants. */
  readonly #wanted: ReadonlySet<string>;
  readonly #consumers: ReadonlySet<string>;

  /** Uploads the weights; the caller calls `dispose`. `consumers`: whose reads are asked for. */
  constructor(network: Network, consumers: Iterable<string>) {
    const input = network.nodes.find((node) => node.op === 'input');
    if (!input) throw new Error(`Network "${network.name}" has no input node.`);
    this.#inputId = input.id;
    this.#consumers = new Set(consumers);
    this.#wanted = wantedValues(network, this.#consumers);
    const shapes = inferShapes(network);
    // a weight that several nodes share (an embedding's table) is uploaded once
    const uploaded = new Map<Weight, tf.Tensor>();
    const upload: Upload = (weight) => {
      const known = uploaded.get(weight);
      if (known) return known;
      assertWeightFits(weight.shape);
      const tensor = tf.tensor(weight.values, [...weight.shape], 'float32');
      this.#weights.push(tensor);
      uploaded.set(weight, tensor);
      return tensor;
    };
    try {
      this.#steps = network.nodes.flatMap((node): Step[] => {
        if (node.op === 'input') return [];
        const back = this.#wanted.has(node.inputs[0]);
        const shape: Shape = shapes.get(node.inputs[0]) ?? [];
        return [{ node, run: operatorOf(node, upload), adjoint: back ? adjointOf(node, shape, upload) : undefined }];
      });
    } catch (error) {
      this.dispose();
      throw error;
    }
  }

  /**
   * One batch forwards and back. `seed` makes the gradients to start from, by node id; `onRead` may keep
   * (`tf.keep`) what it makes of a read. `x` stays the caller's.
   *
   * @throws GradientsUnavailableError
   */
  run(x: tf.Tensor, seed: (valueOf: (id: string) => tf.Tensor) => Readonly<Record<string, tf.Tensor>>, onRead: OnRead): void {
    tf.tidy(() => {
      const values = new Map<string, tf.Tensor>([[this.#inputId, x]]);
      const valueOf = (id: string): tf.Tensor => {
        const value = values.get(id);
        if (!value) throw new Error(`Node "${id}" was read before it was computed.`);
        return value;
      };
      for (const { node, run } of this.#steps) values.set(node.id, tf.tidy(() => run(node.inputs.map(valueOf))));
      const gradients = new Map(Object.entries(seed(valueOf)));
      for (const step of this.#steps.toReversed()) {
        const gradient = gradients.get(step.node.id);
        if (!gradient) continue;
        const inputs = step.node.inputs.map(valueOf);
        const wanted = step.node.inputs.map((id) => this.#wanted.has(id));
        const made = wanted.includes(true) ? tf.tidy(() => gradientsOf(step, inputs, valueOf(step.node.id), gradient)) : [];
        if (this.#consumers.has(step.node.id) && made.length > 0) onRead(step.node.id, inputs[0], made[0], gradient);
        for (const [k, id] of step.node.inputs.entries()) {
          const own = made[k];
          if (!own || !wanted[k]) continue;
          const sum = gradients.get(id);
          gradients.set(id, sum ? tf.add(sum, own) : own);
        }
      }
    });
  }

  dispose(): void {
    tf.dispose(this.#weights);
  }
}

function wantedValues(network: Network, consumers: ReadonlySet<string>): Set<string> {
  const wanted = new Set(network.nodes.flatMap(({ id, inputs }) => (consumers.has(id) ? [inputs[0]] : [])));
  for (const { id, inputs } of network.nodes) if (inputs.some((input) => wanted.has(input))) wanted.add(id);
  return wanted;
}

function gradientsOf({ node, adjoint }: Step, inputs: readonly tf.Tensor[], output: tf.Tensor, gradient: tf.Tensor): tf.Tensor[] {
  try {
    return adjoint ? [adjoint(gradient)] : localGradients(node, inputs, output, gradient);
  } catch (error) {
    throw new GradientsUnavailableError(node, tf.getBackend(), error);
  }
}
