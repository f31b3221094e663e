import * as tf from '@tensorflow/tfjs-core';
import type { NodeOf } from '../../network/network.ts';
import { attentionWindows } from './attentionWindows.ts';
import type { Operator, Upload } from './operator.ts';
import { causalMask, UNSEEN, withAdded } from './attentionMask.ts';

/** Float32 bytes of scores that are held at once. */
const SCORE_BYTES = 2 ** 25;

/**
 * From so many multiply-accumulates a head on, wasm takes heads one by one: products of two matrices run
 * in its fast kernel, batches of them in a plain loop (12 heads of 512 tokens: 41 against 338 ms; 48 heads of 65
 * tokens: 20 against 9).
 */
const SINGLE_HEAD_MACS = 4e5;

/** Attention head by head; scores of a whole batch are never held at once. */
export function attentionOperator({ attributes, weights }: NodeOf<'attention'>, upload: Upload): Operator {
  const { headDim, scale, causal, window } = attributes;
  if (window) {
    const windows = attentionWindows(window, weights.bias, upload, UNSEEN);
    return ([q, k, v]) => {
      const [height, width, features] = q.shape.slice(1);
      const parts = [q, k, v].map((x) => windows.apart(x));
      return windows.together(attend(parts, { headDim, scale, added: windows.added(height, width, features / headDim) }), q.shape);
    };
  }
  return ([q, k, v]) => {
    const sequences = [q, k, v].map((x) => tf.reshape(x, [x.shape[0], x.size / (x.shape[0] * x.shape[x.rank - 1]), x.shape[x.rank - 1]]));
    return tf.reshape(attend(sequences, { headDim, scale, ...(causal ? { added: causalMask(sequences[0].shape[1] ?? 0) } : {}) }), q.shape);
  };
}

interface Rules {
  readonly headDim: number;
  readonly scale: number;
  /** What is added to the scores, `[period, tokens, seen]`: head h of sequence s has `(s · heads + h) mod period`. */
  readonly added?: tf.Tensor;
}

/** `q` of `[sequences, tokens, heads · headDim]`, keys and values alike with as many heads or fewer. */
function attend([q, k, v]: readonly tf.Tensor[], { headDim, scale, added }: Rules): tf.Tensor {
  const [sequences, tokens, features] = q.shape;
  const [, seen, shared] = k.shape;
  const [heads, keyHeads] = [features / headDim, shared / headDim];
  const perKey = heads / keyHeads;
  const rows = sequences * keyHeads;
  // query heads that share a key head stand below one another
  const queries = tf.reshape(tf.transpose(tf.reshape(tf.mul(q, scale), [sequences, tokens, heads, headDim]), [0, 2, 1, 3]), [rows, perKey * tokens, headDim]);
  const keys = tf.reshape(tf.transpose(tf.reshape(k, [sequences, seen, keyHeads, headDim]), [0, 2, 3, 1]), [rows, headDim, seen]);
  const values = tf.reshape(tf.transpose(tf.reshape(v, [sequences, seen, keyHeads, headDim]), [0, 2, 1, 3]), [rows, seen, headDim]);
  const period = (added?.shape[0] ?? 1) / perKey;
  const step = rowsAtOnce(rows, period, perKey * tokens * seen, headDim);
  const parts: tf.Tensor[] = [];
  for (let first = 0; first < rows; first += step) {
    const count = Math.min(step, rows - first);
    parts.push(tf.tidy(() => {
      const [a, b, c] = [queries, keys, values].map((x) => tf.slice(x, [first, 0, 0], [count, x.shape[1] ?? 0, x.shape[2] ?? 0]));
      const scores = tf.matMul(a, b);
      const probabilities = tf.softmax(added ? withAdded(scores, added, count * perKey) : scores);
      return tf.matMul(tf.reshape(probabilities, scores.shape), c);
    }));
  }
  const mixed = tf.reshape(parts.length > 1 ? tf.concat(parts, 0) : parts[0], [sequences, heads, tokens, headDim]);
  return tf.reshape(tf.transpose(mixed, [0, 2, 1, 3]), q.shape);
}

/** Rows of one product: as many as `SCORE_BYTES` hold, in whole periods. */
function rowsAtOnce(rows: number, period: number, scores: number, headDim: number): number {
  if (period <= 1 && tf.getBackend() === 'wasm' && scores * headDim >= SINGLE_HEAD_MACS) return 1;
  const unit = Math.max(1, period);
  const most = Math.floor(SCORE_BYTES / (4 * scores * unit)) * unit;
  return Math.min(rows, Math.max(unit, most));
}
