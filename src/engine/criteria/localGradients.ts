import * as tf from '@tensorflow/tfjs-core';
import type { ActivationName, Node, NodeOf, Pair } from '../../network/network.ts';
import { attentionGradients } from './attentionGradients.ts';
import { groupNormGradient, layerNormGradient, rmsNormGradient } from './normGradients.ts';
import { spreadPixels, windowGeometry, withBorder } from './windows.ts';

/**
 * The gradients of a node's inputs from that of its value, for every op without an adjoint of its own
 * (`adjointOf`). Call it inside `tf.tidy`. Written out here because TensorFlow.js' registered gradients come
 * with gradients for all of its ops, filters' included, and fail where a backend lacks one of those.
 *
 * Where a function has a corner, the gradient is that of its left side, as in PyTorch.
 */
export function localGradients(node: Node, inputs: readonly tf.Tensor[], output: tf.Tensor, gradient: tf.Tensor): tf.Tensor[] {
  const [x] = inputs;
  switch (node.op) {
    case 'activation':
      return [DERIVATIVES[node.attributes.function](x, output, gradient, node.attributes)];
    case 'prelu':
      return [tf.where(tf.greater(x, 0), gradient, tf.mul(gradient, tf.tensor(node.weights.alpha.values, [1, ...node.weights.alpha.shape])))];
    case 'add':
      return inputs.map((input) => summedTo(gradient, input));
    case 'subtract':
      return [summedTo(gradient, x), summedTo(tf.neg(gradient), inputs[1])];
    case 'multiply':
      return inputs.map((input, k) => {
        const others = inputs.filter((_, other) => other !== k).map((other) => aligned(other, output.rank));
        return summedTo(others.reduce((product, other) => tf.mul(product, other), gradient), input);
      });
    case 'concat': {
      const axis = node.attributes.axis + 1;
      return tf.split(gradient, inputs.map(({ shape }) => shape[axis]), axis);
    }
    case 'slice': {
      const { axis, start, size } = node.attributes;
      return [tf.pad(gradient, x.shape.map((whole, k): Pair => (k === axis + 1 ? [start, whole - start - size] : [0, 0])) as [number, number][])];
    }
    case 'flatten':
    case 'reshape':
      return [tf.reshape(gradient, x.shape)];
    case 'permute': {
      const order = [0, ...node.attributes.order.map((axis) => axis + 1)];
      return [tf.transpose(gradient, order.map((_, axis) => order.indexOf(axis)))];
    }
    case 'zeroPad2d': {
      const [[top], [left]] = node.attributes.padding;
      return [tf.slice(gradient, [0, top, left, 0], x.shape)];
    }
    case 'crop2d': {
      const [rows, columns] = node.attributes.cropping;
      return [tf.pad(gradient, [[0, 0], [...rows], [...columns], [0, 0]])];
    }
    case 'dropout':
      return [gradient];
    case 'maxPool2d':
      return [maxPoolGradient(node, x as tf.Tensor4D, output, gradient)];
    case 'globalMaxPool2d': {
      const [images, height, width, channels] = x.shape;
      const whole = [images, 1, 1, channels];
      const greatest = tf.cast(tf.equal(x, tf.reshape(output, whole)), 'float32');
      const count = tf.mul(tf.mean(greatest, [1, 2], true), height * width);
      return [tf.mul(greatest, tf.div(tf.reshape(gradient, whole), count))];
    }
    case 'globalAveragePool2d': {
      const [images, height, width, channels] = x.shape;
      return [tf.mul(tf.reshape(gradient, [images, 1, 1, channels]), tf.div(tf.ones([1, height, width, 1]), height * width))];
    }
    case 'layerNorm':
      return [layerNormGradient(node, x, gradient)];
    case 'groupNorm':
      return [groupNormGradient(node, x, gradient)];
    case 'rmsNorm':
      return [rmsNormGradient(node, x, gradient)];
    case 'positions':
      return [gradient];
    case 'prependTokens': {
      const [first] = node.weights.tokens.shape;
      return [tf.slice(gradient, [0, first, 0], x.shape)];
    }
    case 'patchMerging': {
      const [rows] = node.attributes.size;
      const [images, height, width, channels] = x.shape;
      return [tf.reshape(tf.transpose(tf.reshape(gradient, [(images * height) / rows, width, rows, channels]), [0, 2, 1, 3]), x.shape)];
    }
    case 'attention':
      return attentionGradients(node, inputs, gradient);
    default:
      throw new Error(`no gradient is known of ${node.op}`);
  }
}

/**
 * The first greatest value of each window gets all of its gradient. Tap by tap: TensorFlow.js' own kernel
 * hands gradients to the wrong pixels where padding is `same` and the stride does not divide the size.
 */
function maxPoolGradient({ attributes }: NodeOf<'maxPool2d'>, x: tf.Tensor4D, output: tf.Tensor, gradient: tf.Tensor): tf.Tensor {
  const { poolSize, strides } = attributes;
  const [images, height, width, channels] = x.shape;
  const { before, output: [rows, columns] } = windowGeometry(poolSize, { ...attributes, dilations: [1, 1] }, [height, width, channels]);
  const reach = [(rows - 1) * strides[0] + poolSize[0], (columns - 1) * strides[1] + poolSize[1]];
  const border = [[before[0], reach[0] - before[0] - height], [before[1], reach[1] - before[1] - width]] as const;
  const bordered = withBorder(x, border, LEAST);
  let open: tf.Tensor = tf.onesLike(output);
  let sum: tf.Tensor4D = tf.zeros([images, reach[0], reach[1], channels]);
  for (let a = 0; a < poolSize[0]; a++) for (let b = 0; b < poolSize[1]; b++) {
    const end = [images, a + (rows - 1) * strides[0] + 1, b + (columns - 1) * strides[1] + 1, channels];
    const values = tf.stridedSlice(bordered, [0, a, b, 0], end, [1, strides[0], strides[1], 1]);
    const hit = tf.mul(open, tf.cast(tf.equal(values, output), 'float32'));
    const pixels = spreadPixels(tf.mul(gradient, hit) as tf.Tensor4D, strides);
    sum = tf.add(sum, withBorder(pixels, [[a, poolSize[0] - 1 - a], [b, poolSize[1] - 1 - b]]));
    open = tf.sub(open, hit);
  }
  return withBorder(sum, [[-before[0], -border[0][1]], [-before[1], -border[1][1]]]);
}

/** Below all values. */
const LEAST = -3e38;

/** Summed over the axes along which `input` was repeated. */
function summedTo(gradient: tf.Tensor, input: tf.Tensor): tf.Tensor {
  const shape = aligned(input, gradient.rank).shape;
  const axes = shape.flatMap((size, axis) => (size === 1 && gradient.shape[axis] > 1 ? [axis] : []));
  return tf.reshape(axes.length > 0 ? tf.sum(gradient, axes) : gradient, input.shape);
}

/** Axes of 1 between the batch and the sample's, as an elementwise op has them. */
function aligned(x: tf.Tensor, rank: number): tf.Tensor {
  if (x.rank === rank) return x;
  const [images, ...sample] = x.shape;
  return tf.reshape(x, [images, ...Array.from({ length: rank - x.rank }, () => 1), ...sample]);
}

type Derivative = (x: tf.Tensor, y: tf.Tensor, gradient: tf.Tensor, parameters: NodeOf<'activation'>['attributes']) => tf.Tensor;

const DERIVATIVES: Readonly<Record<ActivationName, Derivative>> = {
  linear: (_x, _y, g) => g,
  relu: (x, _y, g) => where(tf.greater(x, 0), g),
  relu6: (x, _y, g) => where(tf.logicalAnd(tf.greater(x, 0), tf.less(x, 6)), g),
  leakyRelu: (x, _y, g, { alpha = 0.01 }) => tf.where(tf.greater(x, 0), g, tf.mul(g, alpha)),
  elu: (x, y, g, { alpha = 1 }) => tf.where(tf.greater(x, 0), g, tf.mul(g, tf.add(y, alpha))),
  selu: (x, y, g) => tf.where(tf.greater(x, 0), tf.mul(g, SELU_SCALE), tf.mul(g, tf.add(y, SELU_SCALE * SELU_ALPHA))),
  gelu: (x, _y, g) => {
    const below = tf.mul(tf.add(tf.erf(tf.mul(x, Math.SQRT1_2)), 1), 0.5);
    const density = tf.mul(tf.exp(tf.mul(tf.square(x), -0.5)), 1 / Math.sqrt(2 * Math.PI));
    return tf.mul(g, tf.add(below, tf.mul(x, density)));
  },
  geluTanh: (x, _y, g) => {
    const [a, b] = [Math.sqrt(8 / Math.PI), 0.044715];
    const s = tf.sigmoid(tf.mul(tf.mul(x, a), tf.add(tf.mul(tf.square(x), b), 1)));
    const slope = tf.mul(tf.add(tf.mul(tf.square(x), 3 * b), 1), a);
    return tf.mul(g, tf.add(s, tf.mul(tf.mul(x, slope), tf.mul(s, tf.sub(1, s)))));
  },
  silu: (x, _y, g) => {
    const s = tf.sigmoid(x);
    return tf.mul(g, tf.mul(s, tf.add(tf.mul(x, tf.sub(1, s)), 1)));
  },
  hardSwish: (x, _y, g) => {
    const within = tf.logicalAnd(tf.greater(x, -3), tf.less(x, 3));
    return tf.mul(g, tf.add(tf.mul(tf.relu6(tf.add(x, 3)), 1 / 6), where(within, tf.mul(x, 1 / 6))));
  },
  hardSigmoid: (_x, y, g, { alpha = 1 / 6 }) => where(tf.logicalAnd(tf.greater(y, 0), tf.less(y, 1)), tf.mul(g, alpha)),
  sigmoid: (_x, y, g) => tf.mul(g, tf.mul(y, tf.sub(1, y))),
  tanh: (_x, y, g) => tf.mul(g, tf.sub(1, tf.square(y))),
  softplus: (x, _y, g) => tf.mul(g, tf.sigmoid(x)),
  softmax: (_x, y, g) => tf.mul(y, tf.sub(g, tf.sum(tf.mul(g, y), -1, true))),
};

const SELU_ALPHA = 1.6732632423543772;
const SELU_SCALE = 1.0507009873554805;

function where(condition: tf.Tensor, value: tf.Tensor): tf.Tensor {
  return tf.where(condition, value, tf.zerosLike(value));
}
