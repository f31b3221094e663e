import * as tf from '@tensorflow/tfjs-core';
import type { ActivationName, Node, NodeOf, Weight } from '../network/network.ts';

export type Operator = (inputs: readonly tf.Tensor[]) => tf.Tensor;

/**
 * The backend call of one node, unfused: reads the node's inputs, makes its value. `upload` turns
 * weights into tensors that the caller disposes; the made value is the caller's.
 */
export function operatorOf(node: Exclude<Node, { op: 'input' }>, upload: (weight: Weight) => tf.Tensor): Operator {
  switch (node.op) {
    case 'conv2d': {
      const { strides, padding, dilations } = node.attributes;
      const filter = upload(node.weights.kernel) as tf.Tensor4D;
      const bias = node.weights.bias ? upload(node.weights.bias) : undefined;
      return ([x]) => {
        const sum = tf.conv2d(x as tf.Tensor4D, filter, [...strides], padding, 'NHWC', [...dilations]);
        return bias ? tf.add(sum, bias) : sum;
      };
    }
    case 'rescaling': {
      const { scale, offset } = node.attributes;
      return ([x]) => tf.add(tf.mul(x, scale), offset);
    }
    case 'dense': {
      const kernel = upload(node.weights.kernel) as tf.Tensor2D;
      const bias = node.weights.bias ? upload(node.weights.bias) : undefined;
      return ([x]) => {
        const product = tf.matMul(x as tf.Tensor2D, kernel);
        return bias ? tf.add(product, bias) : product;
      };
    }
    case 'batchNorm': {
      const { scale, shift } = normAffine(node);
      const [a, b] = [scale, shift].map((values) =>
        upload({ shape: [values.length], values: Float32Array.from(values) }),
      );
      return ([x]) => tf.add(tf.mul(x, a), b);
    }
    case 'activation':
      return activationOf(node.attributes.function);
    case 'add':
      return (inputs) => inputs.slice(1).reduce((sum, x) => tf.add(sum, x), inputs[0]);
    case 'maxPool2d': {
      const { poolSize, strides, padding } = node.attributes;
      return ([x]) => tf.maxPool(x as tf.Tensor4D, [...poolSize], [...strides], padding);
    }
    case 'averagePool2d': {
      const { poolSize, strides, padding } = node.attributes;
      return ([x]) => tf.avgPool(x as tf.Tensor4D, [...poolSize], [...strides], padding);
    }
    case 'globalAveragePool2d':
      return ([x]) => tf.mean(x, [1, 2]);
    case 'globalMaxPool2d':
      return ([x]) => tf.max(x, [1, 2]);
    case 'flatten':
      return ([x]) => tf.reshape(x, [x.shape[0], x.size / x.shape[0]]);
    case 'zeroPad2d': {
      const [rows, columns] = node.attributes.padding;
      return ([x]) => tf.pad(x, [[0, 0], [...rows], [...columns], [0, 0]]);
    }
    case 'dropout':
      return ([x]) => tf.clone(x);
  }
}

function activationOf(name: ActivationName): Operator {
  switch (name) {
    case 'linear':
      return ([x]) => tf.clone(x);
    case 'relu':
      return ([x]) => tf.relu(x);
    case 'relu6':
      return ([x]) => tf.relu6(x);
    case 'softmax':
      return ([x]) => tf.softmax(x);
    case 'sigmoid':
      return ([x]) => tf.sigmoid(x);
    case 'tanh':
      return ([x]) => tf.tanh(x);
  }
}

/** A norm as `scale · x + shift` per channel, float64: `scale = γ / √(σ² + ε)`, `shift = β − μ · scale`. */
export function normAffine({ weights, attributes }: NodeOf<'batchNorm'>): { scale: Float64Array; shift: Float64Array } {
  const { gamma, beta, mean, variance } = weights;
  const scale = Float64Array.from(
    variance.values,
    (v, c) => (gamma?.values[c] ?? 1) / Math.sqrt(v + attributes.epsilon),
  );
  const shift = scale.map((s, c) => (beta?.values[c] ?? 0) - mean.values[c] * s);
  return { scale, shift };
}
