import * as tf from '@tensorflow/tfjs-core';
import type { NodeOf } from '../../network/network.ts';
import { backendPadding, type Operator, UnsupportedNodeError } from './operator.ts';

type PoolNode = NodeOf<'maxPool2d'> | NodeOf<'averagePool2d'>;

/** Greatest value or mean of those pixels of each window that lie inside the input. */
export function poolOperator(node: PoolNode): Operator {
  const { poolSize, strides, padding } = node.attributes;
  const pool = node.op === 'maxPool2d' ? tf.maxPool : tf.avgPool;
  const pad = backendPadding(padding);
  return ([x]) => {
    assertWindowsMeetInput(node, x.shape);
    return pool(x as tf.Tensor4D, [...poolSize], [...strides], pad);
  };
}

/** What a window without a pixel gives, each backend decides for itself. */
function assertWindowsMeetInput(node: PoolNode, shape: readonly number[]): void {
  const { poolSize, strides, padding } = node.attributes;
  if (typeof padding === 'string') return;
  for (const axis of [0, 1]) {
    const [before, after] = padding[axis];
    const input = shape[axis + 1];
    const windows = Math.floor((input + before + after - poolSize[axis]) / strides[axis]) + 1;
    if (before < poolSize[axis] && (windows - 1) * strides[axis] - before < input) continue;
    throw new UnsupportedNodeError(
      node,
      `with padding [${padding.join('], [')}] some of its windows of ${poolSize.join(' × ')} hold padding alone, ` +
        'which has no greatest value and no mean. Pad by less than the window.',
    );
  }
}

/** Over all pixels. */
export function globalPoolOperator({ op, attributes }: NodeOf<'globalAveragePool2d'> | NodeOf<'globalMaxPool2d'>): Operator {
  const [pool, reduce] = op === 'globalMaxPool2d' ? [tf.maxPool, tf.max] : [tf.avgPool, tf.mean];
  return ([x]) => {
    const [images, height, width, channels] = x.shape;
    if (tf.getBackend() !== 'wasm') return reduce(x, [1, 2], attributes.keepDims);
    // its reductions transpose the map first: 2 ms where one window over the map takes 0.15
    const y = pool(x as tf.Tensor4D, [height, width], [1, 1], 'valid');
    return attributes.keepDims ? y : tf.reshape(y, [images, channels]);
  };
}
