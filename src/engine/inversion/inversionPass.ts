import * as tf from '@tensorflow/tfjs-core';
import type { Network, Node } from '../../network/network.ts';
import { Backpropagation } from '../criteria/backpropagation.ts';
import { logitsNode } from '../criteria/logitsNode.ts';
import { INVERSION } from './inversionRequest.ts';
import { NormMatch } from './normMatch.ts';

/** Losses and their gradient with respect to what the network was fed. */
export interface PassResult {
  readonly gradient: Float32Array;
  readonly statistics: number;
  readonly entropy: number;
}

/** One pass forwards and back, from the norms' statistics and the class scores to the input. */
export class InversionPass {
  readonly #logits: string;
  readonly #pass: Backpropagation;
  readonly #match: NormMatch;

  /** Uploads weights and statistics; the caller calls `dispose`. */
  constructor(network: Network) {
    const { gated, gate } = behindGate(network);
    this.#logits = logitsNode(gated);
    this.#match = new NormMatch(gated);
    try {
      this.#pass = new Backpropagation(gated, [gate]);
    } catch (error) {
      this.#match.dispose();
      throw error;
    }
  }

  get norms(): number {
    return this.#match.norms;
  }

  /**
   * `labels` are target classes; without them the class scores do not count.
   *
   * @throws GradientsUnavailableError
   */
  async run(fed: Float32Array, shape: readonly number[], labels: Int32Array | undefined): Promise<PassResult> {
    const x = tf.tensor(fed, [...shape], 'float32');
    const made: tf.Tensor[] = [];
    try {
      this.#pass.run(
        x,
        (valueOf) => {
          const gradients: Record<string, tf.Tensor> = {};
          const add = (id: string, own: tf.Tensor) => (gradients[id] = id in gradients ? tf.add(gradients[id], own) : own);
          const matches = this.#match.measure(valueOf, INVERSION.statistics);
          for (const own of matches) add(own.input, own.gradient);
          const distances = matches.map(({ distance }) => distance);
          const statistics = distances.length > 0 ? tf.mean(tf.stack(distances)) : tf.scalar(0);
          let entropy: tf.Tensor = tf.scalar(0);
          if (labels) {
            const scores = valueOf(this.#logits);
            const wanted = tf.oneHot(tf.tensor1d(labels, 'int32'), scores.shape[1] ?? 0);
            add(this.#logits, tf.mul(tf.sub(tf.softmax(scores), wanted), INVERSION.classes / labels.length));
            entropy = tf.neg(tf.mean(tf.sum(tf.mul(tf.logSoftmax(scores), wanted), 1)));
          }
          made.push(tf.keep(tf.stack([statistics, entropy])));
          return gradients;
        },
        (_consumer, _value, own) => made.push(tf.keep(tf.clone(own))),
      );
      const [losses, gradient] = made;
      const [statistics, entropy] = await losses.data();
      return { gradient: await gradient.data<'float32'>(), statistics, entropy };
    } finally {
      tf.dispose([x, ...made]);
    }
  }

  /** How many pictures the network puts in their target class. */
  async hits(fed: Float32Array, shape: readonly number[], labels: Int32Array): Promise<number> {
    const x = tf.tensor(fed, [...shape], 'float32');
    const found: tf.Tensor[] = [];
    try {
      this.#pass.run(
        x,
        (valueOf) => {
          found.push(tf.keep(tf.argMax(valueOf(this.#logits), 1)));
          return {};
        },
        () => {},
      );
      const classes = await found[0].data();
      return labels.reduce((sum, label, k) => sum + (classes[k] === label ? 1 : 0), 0);
    } finally {
      tf.dispose([x, ...found]);
    }
  }

  dispose(): void {
    this.#pass.dispose();
    this.#match.dispose();
  }
}

/** The network with one node, which changes nothing, between the input and all who read it: the pass hands out what nodes read. */
function behindGate(network: Network): { readonly gated: Network; readonly gate: string } {
  const at = network.nodes.findIndex((node) => node.op === 'input');
  if (at < 0) throw new Error(`Network "${network.name}" has no input node.`);
  const { id } = network.nodes[at];
  let gate = `${id}/seen`;
  while (network.nodes.some((node) => node.id === gate)) gate += "'";
  const nodes: Node[] = network.nodes.map((node) => ({ ...node, inputs: node.inputs.map((own) => (own === id ? gate : own)) }));
  nodes.splice(at + 1, 0, { id: gate, op: 'activation', inputs: [id], attributes: { function: 'linear' }, weights: {} });
  return { gated: { ...network, nodes }, gate };
}
