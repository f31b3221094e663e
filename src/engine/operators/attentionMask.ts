import * as tf from '@tensorflow/tfjs-core';

/** Below every score, so that the softmax gives exactly 0. */
export const UNSEEN = -1e9;

/** Scores of `heads` heads one after another, plus what is added to them: head h has `added[h mod period]`, `[period, tokens, seen]`. */
export function withAdded(scores: tf.Tensor, added: tf.Tensor, heads: number): tf.Tensor {
  const [period, tokens, seen] = added.shape;
  return tf.add(tf.reshape(scores, [heads / period, period, tokens, seen]), tf.expandDims(added, 0));
}

/** What hides later tokens from each, `[1, tokens, tokens]`. */
export function causalMask(tokens: number): tf.Tensor {
  const places = tf.range(0, tokens, 1, 'float32');
  const later = tf.greater(tf.reshape(places, [1, tokens]), tf.reshape(places, [tokens, 1]));
  return tf.expandDims(tf.mul(tf.cast(later, 'float32'), UNSEEN), 0);
}
