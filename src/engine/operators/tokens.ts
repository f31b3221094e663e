import * as tf from '@tensorflow/tfjs-core';
import type { NodeOf } from '../../network/network.ts';
import type { Operator, Upload } from './operator.ts';

/** Row `start + t` of the table is added to token t. */
export function positionsOperator({ attributes: { start }, weights }: NodeOf<'positions'>, upload: Upload): Operator {
  const table = upload(weights.table);
  return ([x]) => tf.add(x, tf.slice(table, [start, 0], [x.shape[1] ?? 0, x.shape[2] ?? 0]));
}

/** Learnt tokens before the others, the same for every sample. */
export function prependTokensOperator({ weights }: NodeOf<'prependTokens'>, upload: Upload): Operator {
  const tokens = upload(weights.tokens);
  return ([x]) => tf.concat([tf.tile(tf.expandDims(tokens, 0), [x.shape[0], 1, 1]), x], 1);
}

/** Neighbouring pixels side by side, column by column; one permutation of four axes. */
export function patchMergingOperator({ attributes: { size: [rows, columns] } }: NodeOf<'patchMerging'>): Operator {
  return ([x]) => {
    const [images, height, width, channels] = x.shape;
    const apart = tf.reshape(x, [(images * height) / rows, rows, width, channels]);
    return tf.reshape(tf.transpose(apart, [0, 2, 1, 3]), [images, height / rows, width / columns, columns * rows * channels]);
  };
}
