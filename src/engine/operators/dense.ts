import * as tf from '@tensorflow/tfjs-core';
import type { NodeOf } from '../../network/network.ts';
import type { FusedActivation, Operator, Upload } from './operator.ts';

/** Product along the last axis of a value of any rank, with bias and activation in the same call. */
export function denseOperator({ weights }: NodeOf<'dense'>, upload: Upload, activation: FusedActivation): Operator {
  const b = upload(weights.kernel) as tf.Tensor2D;
  const bias = weights.bias && upload(weights.bias);
  const [inputs, outputs] = weights.kernel.shape;
  return ([x]) => {
    const rows = tf.fused.matMul({ a: tf.reshape(x, [x.size / inputs, inputs]), b, bias, activation });
    return tf.reshape(rows, [...x.shape.slice(0, -1), outputs]);
  };
}
