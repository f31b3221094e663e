import * as tf from '@tensorflow/tfjs-core';
import type { Operator } from './operator.ts';

/** A broadcasting operation on two inputs or more, from the first on. */
export function elementwiseOperator(combine: (a: tf.Tensor, b: tf.Tensor) => tf.Tensor): Operator {
  return (inputs) => {
    const [first, ...rest] = aligned(inputs);
    return rest.reduce((result, x) => combine(result, x), first);
  };
}

/** Samples align from their last axis on, but the batch stays in front: axes of 1 are put between. */
function aligned(inputs: readonly tf.Tensor[]): tf.Tensor[] {
  const rank = Math.max(...inputs.map((x) => x.rank));
  return inputs.map((x) => {
    if (x.rank === rank) return x;
    const [images, ...sample] = x.shape;
    return tf.reshape(x, [images, ...Array.from({ length: rank - x.rank }, () => 1), ...sample]);
  });
}
