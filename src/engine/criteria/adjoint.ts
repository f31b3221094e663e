import * as tf from '@tensorflow/tfjs-core';
import type { Border, Node, NodeOf, Pair, Shape, Weight } from '../../network/network.ts';
import { normAffine, operatorOf } from '../operators.ts';
import type { Upload } from '../operators/operator.ts';
import { spreadPixels, windowGeometry, withBorder, type Window } from './windows.ts';

/** From the gradient of a node's value to that of its input, batch first. Call it inside `tf.tidy`. */
export type Adjoint = (gradient: tf.Tensor) => tf.Tensor;

/**
 * The transpose of a linear node of one input of this `shape`, made of forward operators that every
 * backend has: wasm lacks some gradient kernels (depthwise inputs, every filter), runs others
 * slowly (`conv2dTranspose`), and TensorFlow.js' mean pool counts padding in its gradient but not in its
 * value. Undefined for other nodes.
 */
export function adjointOf(node: Node, shape: Shape, upload: Upload): Adjoint | undefined {
  switch (node.op) {
    case 'conv2d':
      return node.attributes.groups > 1 ? groupedAdjoint(node, shape, upload) : convolutionAdjoint(node, shape, upload);
    case 'depthwiseConv2d':
      return depthwiseAdjoint(node.weights.kernel, node.attributes, shape, upload);
    case 'transposedConv2d':
      return transposedAdjoint(node, upload);
    case 'dense': {
      const kernel = transposed(node.weights.kernel);
      const operator = operatorOf({ ...node, weights: { kernel } }, upload);
      return (gradient) => operator([gradient]);
    }
    case 'batchNorm':
      return scaling(normAffine(node).scale, upload);
    case 'rescaling':
      return (gradient) => tf.mul(gradient, node.attributes.scale);
    case 'averagePool2d':
      return averageAdjoint(node, shape, upload);
    case 'resize2d':
      return resizeAdjoint(node, shape, upload);
    case 'unembedding': {
      const table = upload(node.weights.table) as tf.Tensor2D;
      const [tokens, features] = node.weights.table.shape;
      return (gradient) => tf.reshape(tf.matMul(tf.reshape(gradient, [gradient.size / tokens, tokens]), table), [gradient.shape[0], ...shape.slice(0, -1), features]);
    }
    case 'rotary': {
      // a turn is undone by the turn back
      const operator = operatorOf({ ...node, attributes: { ...node.attributes, frequencies: node.attributes.frequencies.map((frequency) => -frequency) } }, upload);
      return (gradient) => operator([gradient]);
    }
    default:
      return undefined;
  }
}

/** A kernel `[kh, kw, n, m]` is, as it lies there, the transposed convolution's from m to n channels. */
function convolutionAdjoint(node: NodeOf<'conv2d'>, shape: Shape, upload: Upload): Adjoint {
  const kernel = withDilation(node.weights.kernel, node.attributes.dilations);
  const { before, output } = windowGeometry(node.weights.kernel.shape, node.attributes, shape);
  const { strides } = node.attributes;
  const cropping = [0, 1].map((axis): Pair => {
    const whole = (output[axis] - 1) * strides[axis] + kernel.shape[axis];
    return [before[axis], whole - before[axis] - shape[axis]];
  }) as unknown as Border;
  const operator = operatorOf({ id: node.id, op: 'transposedConv2d', inputs: node.inputs, attributes: { strides, cropping }, weights: { kernel } }, upload);
  return (gradient) => operator([gradient]);
}

function groupedAdjoint(node: NodeOf<'conv2d'>, shape: Shape, upload: Upload): Adjoint {
  const { groups } = node.attributes;
  const [kh, kw, inputs, outputs] = node.weights.kernel.shape;
  if (inputs === 1) {
    const kernel = { shape: [kh, kw, groups, outputs / groups], values: node.weights.kernel.values };
    return depthwiseAdjoint(kernel, node.attributes, shape, upload);
  }
  const own = outputs / groups;
  const parts = Array.from({ length: groups }, (_, g) => {
    const kernel = outputsOf(node.weights.kernel, g * own, own);
    const part: NodeOf<'conv2d'> = { ...node, attributes: { ...node.attributes, groups: 1 }, weights: { kernel } };
    return convolutionAdjoint(part, shape.with(2, inputs), upload);
  });
  return (gradient) => tf.concat(tf.split(gradient, groups, 3).map((run, g) => parts[g](run)), 3);
}

/** Zeros between the gradient's pixels, then the kernel from the other end. */
function depthwiseAdjoint(kernel: Weight, window: Window, shape: Shape, upload: Upload): Adjoint {
  const whole = withDilation(kernel, window.dilations);
  const [kh, kw, channels, multiplier] = whole.shape;
  const { before, output } = windowGeometry(kernel.shape, window, shape);
  const border = [0, 1].map((axis): Pair => {
    const spread = (output[axis] - 1) * window.strides[axis] + 1;
    const first = whole.shape[axis] - 1 - before[axis];
    return [first, shape[axis] - spread - first + whole.shape[axis] - 1];
  });
  const all = channels * multiplier;
  const values = new Float32Array(whole.values.length);
  for (let tap = 0; tap < kh * kw; tap++) values.set(whole.values.subarray(tap * all, (tap + 1) * all), (kh * kw - 1 - tap) * all);
  const filter = upload({ shape: [kh, kw, all, 1], values }) as tf.Tensor4D;
  return (gradient) => {
    const bordered = withBorder(spreadPixels(gradient as tf.Tensor4D, window.strides), border);
    const apart = tf.depthwiseConv2d(bordered, filter, 1, 'valid');
    if (multiplier === 1) return apart;
    return tf.sum(tf.reshape(apart, [...apart.shape.slice(0, 3), channels, multiplier]), 4);
  };
}

function transposedAdjoint(node: NodeOf<'transposedConv2d'>, upload: Upload): Adjoint {
  const { strides, cropping } = node.attributes;
  const conv: NodeOf<'conv2d'> = {
    id: node.id, op: 'conv2d', inputs: node.inputs,
    attributes: { strides, padding: 'valid', dilations: [1, 1], groups: 1 }, weights: { kernel: node.weights.kernel },
  };
  const operator = operatorOf(conv, upload);
  return (gradient) => operator([withBorder(gradient as tf.Tensor4D, cropping)]);
}

/** Each window's share, by the pixels that lie inside the input. */
function averageAdjoint({ attributes }: NodeOf<'averagePool2d'>, shape: Shape, upload: Upload): Adjoint {
  const window = { ...attributes, dilations: [1, 1] as const };
  const { before, output } = windowGeometry(attributes.poolSize, window, shape);
  const inside = (axis: 0 | 1) => Array.from({ length: output[axis] }, (_, o) => {
    const first = o * attributes.strides[axis] - before[axis];
    return Math.min(shape[axis], first + attributes.poolSize[axis]) - Math.max(0, first);
  });
  const [rows, columns] = [inside(0), inside(1)];
  const shares = upload({ shape: [output[0], output[1], 1], values: Float32Array.from(rows.flatMap((r) => columns.map((c) => 1 / (r * c)))) });
  const [kh, kw] = attributes.poolSize;
  const ones = { shape: [kh, kw, shape[2], 1], values: new Float32Array(kh * kw * shape[2]).fill(1) };
  const sum = depthwiseAdjoint(ones, window, shape, upload);
  return (gradient) => sum(tf.mul(gradient, shares));
}

/** `y = R x Cᵀ` per channel, where R and C are what the op makes of the unit pictures. */
function resizeAdjoint(node: NodeOf<'resize2d'>, shape: Shape, upload: Upload): Adjoint {
  const along = (axis: 0 | 1) => {
    const size: Pair = axis === 0 ? [node.attributes.size[0], 1] : [node.attributes.size[1], 1];
    const operator = operatorOf({ ...node, attributes: { ...node.attributes, size } }, upload);
    const length = shape[axis];
    return tf.tidy(() => tf.transpose(tf.reshape(operator([tf.reshape(tf.eye(length), [1, length, 1, length])]), [1, size[0], length]), [0, 2, 1]));
  };
  return (gradient) => {
    const [images, height, width, channels] = gradient.shape;
    const rows = tf.matMul(along(0), tf.reshape(gradient, [images, height, width * channels]));
    const pixels = tf.matMul(along(1), tf.reshape(rows, [images * shape[0], width, channels]));
    return tf.reshape(pixels, [images, shape[0], shape[1], channels]);
  };
}

function scaling(scale: Float64Array, upload: Upload): Adjoint {
  const factors = upload({ shape: [scale.length], values: Float32Array.from(scale) });
  return (gradient) => tf.mul(gradient, factors);
}

function transposed({ shape: [n, m], values }: Weight): Weight {
  return { shape: [m, n], values: values.map((_, at) => values[(at % n) * m + Math.floor(at / n)]) };
}

/** Outputs `first … first + count` of a kernel that has them last. */
function outputsOf({ shape, values }: Weight, first: number, count: number): Weight {
  const m = shape[shape.length - 1];
  const rows = values.length / m;
  const own = new Float32Array(rows * count);
  for (let row = 0; row < rows; row++) own.set(values.subarray(row * m + first, row * m + first + count), row * count);
  return { shape: shape.with(shape.length - 1, count), values: own };
}

/** The dilation written into the kernel, as zeros between its taps. */
function withDilation(kernel: Weight, [dy, dx]: Pair): Weight {
  if (dy === 1 && dx === 1) return kernel;
  const [height, width, n, m] = kernel.shape;
  const shape = [(height - 1) * dy + 1, (width - 1) * dx + 1, n, m];
  const values = new Float32Array(shape[0] * shape[1] * n * m);
  for (let a = 0; a < height; a++) for (let b = 0; b < width; b++) {
    const from = (a * width + b) * n * m;
    values.set(kernel.values.subarray(from, from + n * m), (a * dy * shape[1] + b * dx) * n * m);
  }
  return { shape, values };
}
