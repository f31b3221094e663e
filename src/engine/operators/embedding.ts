import * as tf from '@tensorflow/tfjs-core';
import type { NodeOf } from '../../network/network.ts';
import type { Operator, Upload } from './operator.ts';

/** Rows of the table; ids come as float32, which holds whole numbers up to 16,777,216. */
export function embeddingOperator({ weights }: NodeOf<'embedding'>, upload: Upload): Operator {
  const table = upload(weights.table);
  return ([ids]) => tf.gather(table, tf.cast(ids, 'int32'), 0);
}

/**
 * `x · tableᵀ` as `(table · xᵀ)ᵀ`: the table is not copied, and no product has a transposed factor, which
 * WebGPU computes wrongly and wasm slowly.
 */
export function unembeddingOperator({ weights }: NodeOf<'unembedding'>, upload: Upload): Operator {
  const table = upload(weights.table) as tf.Tensor2D;
  const [tokens, features] = weights.table.shape;
  return ([x]) => {
    const rows = tf.reshape(x, [x.size / features, features]);
    return tf.reshape(tf.transpose(tf.matMul(table, tf.transpose(rows))), [...x.shape.slice(0, -1), tokens]);
  };
}
