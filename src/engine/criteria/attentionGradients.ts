import * as tf from '@tensorflow/tfjs-core';
import type { NodeOf } from '../../network/network.ts';
import { attentionWindows } from '../operators/attentionWindows.ts';
import { causalMask, UNSEEN, withAdded } from '../operators/attentionMask.ts';

/** Float32 bytes of scores that are held at once. */
const SCORE_BYTES = 2 ** 24;

/**
 * The gradients of an attention's queries, keys and values from that of its value. With `P = softmax(s q kᵀ + …)`:
 * `dv = Pᵀ dy`, `dS = P ∘ (dy vᵀ − rows of P ∘ dy vᵀ summed)`, `dq = s dS k`, `dk = s dSᵀ q`. The probabilities are
 * computed again; of a batch's scores only some heads are held at once. Call it inside `tf.tidy`.
 */
export function attentionGradients({ attributes, weights }: NodeOf<'attention'>, inputs: readonly tf.Tensor[], gradient: tf.Tensor): tf.Tensor[] {
  const { headDim, scale, causal, window } = attributes;
  const all = [...inputs, gradient];
  if (window) {
    const windows = attentionWindows(window, weights.bias, ({ shape, values }) => tf.tensor(values, [...shape]), UNSEEN);
    const [height, width, features] = inputs[0].shape.slice(1);
    const parts = all.map((x) => windows.apart(x));
    const made = gradientsOf(parts, { headDim, scale, added: windows.added(height, width, features / headDim) });
    return made.map((part, k) => windows.together(part, inputs[k].shape));
  }
  const sequences = all.map((x) => tf.reshape(x, [x.shape[0], x.size / (x.shape[0] * x.shape[x.rank - 1]), x.shape[x.rank - 1]]));
  const made = gradientsOf(sequences, { headDim, scale, ...(causal ? { added: causalMask(sequences[0].shape[1] ?? 0) } : {}) });
  return made.map((part, k) => tf.reshape(part, inputs[k].shape));
}

interface Rules {
  readonly headDim: number;
  readonly scale: number;
  /** What is added to the scores, `[period, tokens, seen]`: head h of sequence s has `(s · heads + h) mod period`. */
  readonly added?: tf.Tensor;
}

/** Of `[sequences, tokens, heads · headDim]` each; keys and values have as many heads as queries or fewer. */
function gradientsOf([q, k, v, dy]: readonly tf.Tensor[], { headDim, scale, added }: Rules): tf.Tensor[] {
  const [sequences, tokens, features] = q.shape;
  const [, seen, shared] = k.shape;
  const [heads, keyHeads] = [features / headDim, shared / headDim];
  const perKey = heads / keyHeads;
  const rows = sequences * keyHeads;
  // query heads that share a key head stand below one another
  const ofQueries = (x: tf.Tensor) => tf.reshape(byHead(x, sequences, tokens, heads, headDim), [rows, perKey * tokens, headDim]) as tf.Tensor3D;
  const ofKeys = (x: tf.Tensor) => tf.reshape(byHead(x, sequences, seen, keyHeads, headDim), [rows, seen, headDim]) as tf.Tensor3D;
  const [queries, keys, values, gradients] = [ofQueries(tf.mul(q, scale)), ofKeys(k), ofKeys(v), ofQueries(dy)];
  const unit = Math.max(1, (added?.shape[0] ?? 1) / perKey);
  const step = Math.min(rows, Math.max(unit, Math.floor(SCORE_BYTES / (4 * perKey * tokens * seen * unit)) * unit));
  const parts: [tf.Tensor[], tf.Tensor[], tf.Tensor[]] = [[], [], []];
  for (let first = 0; first < rows; first += step) {
    const count = Math.min(step, rows - first);
    const made = tf.tidy(() => {
      const [a, b, c, d] = [queries, keys, values, gradients].map((x) => tf.slice(x, [first, 0, 0], [count, x.shape[1], headDim]));
      const scores = tf.matMul(a, turned(b));
      const seenBy = added ? withAdded(scores, added, count * perKey) : scores;
      const probabilities = tf.reshape(tf.softmax(seenBy), scores.shape);
      const wanted = tf.matMul(d, turned(c));
      const changes = tf.mul(probabilities, tf.sub(wanted, tf.sum(tf.mul(probabilities, wanted), -1, true)));
      return [tf.matMul(changes, b), tf.matMul(turned(changes), a), tf.matMul(turned(probabilities), d)];
    });
    made.forEach((part, at) => parts[at].push(part));
  }
  const [dq, dk, dv] = parts.map((own) => (own.length > 1 ? tf.concat(own, 0) : own[0]));
  const together = (x: tf.Tensor, length: number, of: number) =>
    tf.reshape(tf.transpose(tf.reshape(x, [sequences, of, length, headDim]), [0, 2, 1, 3]), [sequences, length, of * headDim]);
  return [tf.mul(together(dq, tokens, heads), scale), together(dk, seen, keyHeads), together(dv, seen, keyHeads)];
}

function byHead(x: tf.Tensor, sequences: number, length: number, heads: number, headDim: number): tf.Tensor {
  return tf.transpose(tf.reshape(x, [sequences, length, heads, headDim]), [0, 2, 1, 3]);
}

/** Transposed explicitly: products of a transposed factor are wrong on WebGPU and slow on wasm. */
function turned(x: tf.Tensor): tf.Tensor {
  return tf.transpose(x, [0, 2, 1]);
}
