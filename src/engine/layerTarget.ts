import * as tf from '@tensorflow/tfjs-core';
import type { ConsumerNode, Network, Node, NodeOf } from '../network/network.ts';
import { normAffine } from './operators.ts';

/** A value of both networks, one tensor a batch. Where nothing has changed yet, `pruned` is `intact`. */
export interface Values {
  readonly intact: readonly tf.Tensor[];
  readonly pruned: readonly tf.Tensor[];
}

/** What a sequential pass knows when it comes to a layer. */
export interface PassState {
  readonly network: Network;
  /** A node's value in both networks, if it is computed and still needed. */
  readonly value: (id: string) => Values | undefined;
  /** A node as it is in the pruned network so far. */
  readonly present: (id: string) => Node | undefined;
  /** Channels of a node's value that stay; undefined where all do. */
  readonly keptOutputs: (id: string) => readonly number[] | undefined;
}

/** What a refitted layer aims at, one batch at a time. The caller disposes what it gets. */
export interface LayerTarget {
  /** Outputs without bias, `images × … × kept outputs`. */
  readonly values: (batch: number) => tf.Tensor;
  /**
   * Where a ReLU follows: how far the target may move towards the present output without changing
   * anything behind the ReLU. `off`: present output less target.
   */
  readonly slack?: (batch: number, off: tf.Tensor) => tf.Tensor;
}

/**
 * The target of a layer: its own output in the intact network; where it writes into a residual
 * stream, also the stream's present error, so that `add(norm(layer), others…)` comes out right.
 *
 * `outputs`: the layer's intact values. What follows the layer is looked through a sole norm and a
 * sole sum, as far as everything else that goes into the sum is computed already.
 */
export function layerTarget(node: ConsumerNode, outputs: readonly tf.Tensor[], pass: PassState): LayerTarget {
  const { bias } = node.weights;
  const path = pathBehind(node.id, pass);
  const kept = pass.keptOutputs(node.id);
  const error = streamError(path, pass);
  const slack = slackBehind(path, outputs, pass);
  return {
    values: (batch) =>
      tf.tidy(() => {
        const own = gathered(outputs[batch], kept);
        const y = bias ? tf.sub(own, tf.tensor1d(kept ? Float32Array.from(kept, (c) => bias.values[c]) : bias.values)) : own;
        return error ? tf.add(y, error(batch)) : tf.clone(y);
      }),
    ...(slack ? { slack } : {}),
  };
}

/** What stands between a layer and what reads it: each part only where it is the sole reader of the one before. */
interface Path {
  readonly norm?: NodeOf<'batchNorm'>;
  readonly sum?: { readonly id: string; readonly others: readonly Values[] };
  readonly activation?: NodeOf<'activation'>;
}

function pathBehind(id: string, pass: PassState): Path {
  let at = id;
  let reader = soleReader(pass.network, at);
  let norm: Path['norm'];
  if (reader?.op === 'batchNorm') {
    norm = pass.present(reader.id) as NodeOf<'batchNorm'>;
    at = reader.id;
    reader = soleReader(pass.network, at);
  }
  let sum: Path['sum'];
  if (reader?.op === 'add') {
    const others = reader.inputs.filter((input) => input !== at).map((other) => pass.value(other));
    const known = others.filter((value) => value !== undefined);
    if (known.length === 0 || known.length < others.length) return norm ? { norm } : {};
    sum = { id: reader.id, others: known };
    reader = soleReader(pass.network, reader.id);
  }
  return { ...(norm ? { norm } : {}), ...(sum ? { sum } : {}), ...(reader?.op === 'activation' ? { activation: reader } : {}) };
}

function soleReader(network: Network, id: string): Node | undefined {
  const readers = network.nodes.filter(({ inputs }) => inputs.includes(id));
  return readers.length === 1 && !network.outputs.includes(id) ? readers[0] : undefined;
}

/** `(Σ others − Σ others') / scale of the norm`; undefined where there is none. */
function streamError({ norm, sum }: Path, pass: PassState): ((batch: number) => tf.Tensor) | undefined {
  if (!sum || sum.others.every((value) => value.intact === value.pruned)) return undefined;
  const kept = pass.keptOutputs(sum.id);
  const perUnit = norm && inverseOf(normAffine(norm).scale);
  return (batch) => {
    const total = sum.others
      .map((value) => tf.sub(gathered(value.intact[batch], kept), value.pruned[batch]))
      .reduce((all, error) => tf.add(all, error));
    return perUnit ? tf.mul(total, tf.tensor1d(perUnit)) : total;
  };
}

/** Values that a ReLU cuts off: below `least`, above `most`. */
const CUT_OFF = { relu: { least: 0, most: Infinity }, relu6: { least: 0, most: 6 } } as const;

function slackBehind({ norm, sum, activation }: Path, outputs: readonly tf.Tensor[], pass: PassState): LayerTarget['slack'] {
  const name = activation?.attributes.function;
  if (!activation || (name !== 'relu' && name !== 'relu6')) return undefined;
  const { least, most } = CUT_OFF[name];
  const kept = pass.keptOutputs(activation.id);
  const affine = norm && normAffine(norm);
  const scale = affine && Float32Array.from(affine.scale);
  const perUnit = affine && inverseOf(affine.scale);
  return (batch, off) =>
    tf.tidy(() => {
      const wanted = tf.tidy(() => {
        const own = gathered(outputs[batch], kept);
        const normed = affine && scale ? tf.add(tf.mul(own, tf.tensor1d(scale)), tf.tensor1d(Float32Array.from(affine.shift))) : own;
        return (sum?.others ?? []).reduce((total, value) => tf.add(total, gathered(value.intact[batch], kept)), tf.clone(normed));
      });
      const now = tf.add(wanted, scale ? tf.mul(off, tf.tensor1d(scale)) : off);
      const below = tf.where(tf.lessEqual(wanted, least), tf.sub(tf.minimum(now, least), wanted), tf.zerosLike(wanted));
      const free = most === Infinity ? below : tf.where(tf.greaterEqual(wanted, most), tf.sub(tf.maximum(now, most), wanted), below);
      return perUnit ? tf.mul(free, tf.tensor1d(perUnit)) : tf.clone(free);
    });
}

/** Where the norm all but switches a channel off, it cannot carry a correction. */
function inverseOf(scale: Float64Array): Float32Array {
  return Float32Array.from(scale, (s) => (Math.abs(s) > 1e-3 ? 1 / s : 0));
}

function gathered(value: tf.Tensor, kept: readonly number[] | undefined): tf.Tensor {
  return kept ? tf.gather(value, [...kept], value.rank - 1) : value;
}
