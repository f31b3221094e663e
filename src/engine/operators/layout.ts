import * as tf from '@tensorflow/tfjs-core';
import type { NodeOf } from '../../network/network.ts';
import { type Operator, UnsupportedNodeError } from './operator.ts';

/** Axes that the backends' kernels address, the batch included. */
const MOST_AXES = 6;

export function concatOperator({ attributes }: NodeOf<'concat'>): Operator {
  return (inputs) => tf.concat([...inputs], attributes.axis + 1);
}

export function sliceOperator({ attributes: { axis, start, size } }: NodeOf<'slice'>): Operator {
  return ([x]) => {
    const begin = x.shape.map((_, k) => (k === axis + 1 ? start : 0));
    return tf.slice(x, begin, x.shape.with(axis + 1, size));
  };
}

export function flattenOperator(): Operator {
  return ([x]) => tf.reshape(x, [x.shape[0], x.size / x.shape[0]]);
}

/** @throws UnsupportedNodeError for more axes than the backends know. */
export function reshapeOperator(node: NodeOf<'reshape'>): Operator {
  assertFewAxes(node, node.attributes.shape.length);
  return ([x]) => tf.reshape(x, [x.shape[0], ...node.attributes.shape]);
}

/** @throws UnsupportedNodeError for more axes than the backends know. */
export function permuteOperator(node: NodeOf<'permute'>): Operator {
  assertFewAxes(node, node.attributes.order.length);
  const order = [0, ...node.attributes.order.map((axis) => axis + 1)];
  return ([x]) => tf.transpose(x, order);
}

function assertFewAxes(node: NodeOf<'reshape'> | NodeOf<'permute'>, axes: number): void {
  if (axes < MOST_AXES) return;
  throw new UnsupportedNodeError(
    node,
    `makes a value of ${axes} axes and the batch; the backends know ${MOST_AXES} in all. Merge axes that stay side by side.`,
  );
}

export function zeroPadOperator({ attributes: { padding: [rows, columns] } }: NodeOf<'zeroPad2d'>): Operator {
  return ([x]) => tf.pad(x, [[0, 0], [...rows], [...columns], [0, 0]]);
}

export function cropOperator({ attributes: { cropping: [[top, bottom], [left, right]] } }: NodeOf<'crop2d'>): Operator {
  return ([x]) => {
    const [images, height, width, channels] = x.shape;
    return tf.slice(x as tf.Tensor4D, [0, top, left, 0], [images, height - top - bottom, width - left - right, channels]);
  };
}
