import * as tf from '@tensorflow/tfjs-core';
import type { FeatureMap } from '../../network/couplingGroup.ts';

/** Sums over all axes but the batch and the channels: `[images, features]`. Call it inside `tf.tidy`. */
export function featureSums(x: tf.Tensor, { axis }: Pick<FeatureMap, 'axis'>): tf.Tensor2D {
  const [images, features] = [x.shape[0], x.shape[axis + 1]];
  if (x.rank === 2) return tf.clone(x as tf.Tensor2D);
  if (axis + 2 < x.rank) {
    const others = x.shape.map((_, k) => k).filter((k) => k !== 0 && k !== axis + 1);
    return tf.sum(x, others);
  }
  // a product with ones: on wasm sums over inner axes transpose the whole value first
  const positions = x.size / (images * features);
  return tf.reshape(tf.matMul(tf.ones([images, 1, positions]), tf.reshape(x, [images, positions, features])), [images, features]);
}
