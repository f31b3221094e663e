import * as tf from '@tensorflow/tfjs-core';
import type { ConsumerLayer } from '../pruning/consumerLayers.ts';
import type { PatchGeometry } from './geometry.ts';

/**
 * The value of a layer's input node as its geometry reads it, `images × height × width × n`: one
 * part's channels of a grouped convolution, the maps behind a flatten, a transposed convolution's
 * input with zeros between the pixels. `x` stays the caller's, the result is the caller's too.
 */
export function layerInput(layer: ConsumerLayer, geometry: PatchGeometry, x: tf.Tensor): tf.Tensor {
  const [height, width, n] = geometry.input;
  const images = x.shape[0];
  return tf.tidy(() => {
    if (layer.node.op === 'transposedConv2d') return spread(x as tf.Tensor4D, layer.node.attributes.strides);
    if (layer.parts === 1) return tf.reshape(x, [images, height, width, n]);
    return tf.slice(x, [0, 0, 0, layer.part * n], [images, height, width, n]);
  });
}

/** One part's channels of a layer's output: the last axis, cut in `parts` runs. */
export function layerOutput({ part, parts }: ConsumerLayer, y: tf.Tensor): tf.Tensor {
  if (parts === 1) return tf.clone(y);
  const m = y.shape[y.rank - 1] / parts;
  const begin = y.shape.map((_, axis) => (axis === y.rank - 1 ? part * m : 0));
  return tf.slice(y, begin, y.shape.with(y.rank - 1, m));
}

/** `stride − 1` zeros between neighbours along both axes. */
function spread(x: tf.Tensor4D, [down, right]: readonly [number, number]): tf.Tensor4D {
  if (down === 1 && right === 1) return tf.clone(x);
  const [images, height, width, channels] = x.shape;
  const apart = tf.pad(
    tf.reshape(x, [images, height, 1, width, 1, channels]),
    [[0, 0], [0, 0], [0, down - 1], [0, 0], [0, right - 1], [0, 0]],
  );
  const whole = tf.reshape(apart, [images, height * down, width * right, channels]) as tf.Tensor4D;
  return tf.slice(whole, [0, 0, 0, 0], [images, (height - 1) * down + 1, (width - 1) * right + 1, channels]);
}
