import * as tf from '@tensorflow/tfjs-core';
import type { Node, NodeOf, Pair } from '../../network/network.ts';
import { windowGeometry, withBorder, type Window } from '../criteria/windows.ts';
import { crossProduct } from '../gramAccumulator.ts';
import { layerGeometry } from '../geometry.ts';
import type { Correlator } from '../kernels/correlator.ts';

/** Gradients by weight name, in the weights' own order. */
export type NodeGradients = Readonly<Record<string, Float32Array>>;

/**
 * The gradients of a node's weights from what it read and the gradient of its value, summed over the
 * batch. For a batch norm: by its stored statistics.
 *
 * Of forward operators and our own correlation kernel alone, so that every backend has them (wasm has no
 * filter gradients). All work on the device is asked for before the promise is handed back, save on wasm,
 * where the tensors must live until it resolves. They stay the caller's.
 *
 * @throws Error (as a rejection) for a node whose weights' gradients are not known
 */
export async function weightGradients(node: Node, x: tf.Tensor, gradient: tf.Tensor, correlator: Correlator | undefined): Promise<NodeGradients> {
  switch (node.op) {
    case 'conv2d':
      return gathered({ kernel: convolutionKernel(node, x as tf.Tensor4D, gradient as tf.Tensor4D, correlator), bias: biasOf(node, gradient) });
    case 'depthwiseConv2d': {
      const kernel = tf.tidy(() => depthwiseKernel(node.weights.kernel.shape, node.attributes, x as tf.Tensor4D, gradient as tf.Tensor4D));
      return gathered({ kernel: read(kernel), bias: biasOf(node, gradient) });
    }
    case 'transposedConv2d':
      return gathered({ kernel: transposedKernel(node, x as tf.Tensor4D, gradient as tf.Tensor4D, correlator), bias: biasOf(node, gradient) });
    case 'dense':
      return gathered({ kernel: read(tf.tidy(() => denseKernel(node, x, gradient))), bias: biasOf(node, gradient) });
    case 'batchNorm':
      return affine(node.weights, gradient, () => {
        const { mean, variance } = node.weights;
        const deviation = Float32Array.from(variance.values, (v) => Math.sqrt(v + node.attributes.epsilon));
        return tf.div(tf.sub(x, tf.tensor1d(mean.values)), tf.tensor1d(deviation));
      });
    case 'layerNorm':
      return affine(node.weights, gradient, () => standardised(x, x.shape[x.rank - 1], false, node.attributes.epsilon));
    case 'groupNorm':
      return affine(node.weights, gradient, () => standardised(x, x.shape[x.rank - 1] / node.attributes.groups, true, node.attributes.epsilon));
    case 'prelu': {
      const { shape } = node.weights.alpha;
      const whole = tf.tidy(() => {
        const own = tf.mul(gradient, tf.neg(tf.relu(tf.neg(x))));
        const axes = shape.flatMap((size, axis) => (size === 1 ? [axis + 1] : []));
        return tf.sum(own, [0, ...axes]);
      });
      return gathered({ alpha: read(whole) });
    }
    default:
      throw new Error(`no gradient is known of the weights of ${node.op}`);
  }
}

/** The sum over all axes but the last, as `[channels]`. */
export function columnSums(x: tf.Tensor): tf.Tensor {
  const columns = x.shape[x.rank - 1];
  // wasm's reductions transpose first; a product with ones is ten times as fast
  if (tf.getBackend() !== 'wasm') return tf.sum(x, x.shape.map((_, axis) => axis).slice(0, -1));
  const rows = x.size / columns;
  return tf.tidy(() => tf.reshape(tf.matMul(tf.ones([1, rows]), tf.reshape(x, [rows, columns])), [columns]));
}

async function gathered(pending: Readonly<Record<string, Promise<Float32Array> | undefined>>): Promise<NodeGradients> {
  const known = Object.entries(pending).filter((entry): entry is [string, Promise<Float32Array>] => entry[1] !== undefined);
  const values = await Promise.all(known.map(([, value]) => value));
  return Object.fromEntries(known.map(([name], k) => [name, values[k]]));
}

async function read(tensor: tf.Tensor): Promise<Float32Array> {
  try {
    return (await tensor.data()) as Float32Array;
  } finally {
    tensor.dispose();
  }
}

function biasOf({ weights }: { readonly weights: { readonly bias?: unknown } }, gradient: tf.Tensor): Promise<Float32Array> | undefined {
  return weights.bias === undefined ? undefined : read(columnSums(gradient));
}

async function convolutionKernel(node: NodeOf<'conv2d'>, x: tf.Tensor4D, gradient: tf.Tensor4D, correlator: Correlator | undefined): Promise<Float32Array> {
  const { groups } = node.attributes;
  const [kh, kw, n, outputs] = node.weights.kernel.shape;
  if (groups > 1 && n === 1) {
    return read(tf.tidy(() => depthwiseKernel([kh, kw, groups, outputs / groups], node.attributes, x, gradient)));
  }
  const m = outputs / groups;
  const geometry = layerGeometry({ node, parts: groups }, x.shape.slice(1));
  const values = new Float32Array(kh * kw * n * outputs);
  const parts = Array.from({ length: groups }, (_, g) => g);
  const crosses = parts.map(async (g) => {
    const [own, out] = groups === 1 ? [x, gradient] : [channelsOf(x, g * n, n), channelsOf(gradient, g * m, m)];
    const cross = await crossProduct(geometry, own, out, correlator);
    if (groups > 1) tf.dispose([own, out]);
    for (let o = 0; o < m; o++) for (let i = 0; i < n; i++) for (let p = 0; p < kh * kw; p++) {
      values[(p * n + i) * outputs + g * m + o] = cross[(o * n + i) * kh * kw + p];
    }
  });
  await Promise.all(crosses);
  return values;
}

/** `y[u s + a − crop] += W[a] x[u]` has the kernel gradient of a convolution that reads dy and whose value's gradient is x. */
function transposedKernel(node: NodeOf<'transposedConv2d'>, x: tf.Tensor4D, gradient: tf.Tensor4D, correlator: Correlator | undefined): Promise<Float32Array> {
  const { strides, cropping } = node.attributes;
  const whole = tf.tidy(() => withBorder(gradient, cropping));
  const mirror: NodeOf<'conv2d'> = {
    id: node.id, op: 'conv2d', inputs: node.inputs,
    attributes: { strides, padding: 'valid', dilations: [1, 1], groups: 1 }, weights: { kernel: node.weights.kernel },
  };
  return convolutionKernel(mirror, whole, x, correlator).finally(() => whole.dispose());
}

function channelsOf(x: tf.Tensor4D, first: number, count: number): tf.Tensor4D {
  return tf.slice(x, [0, 0, 0, first], [-1, -1, -1, count]);
}

/** Tap by tap: `Σ x[t s + p d − before] · dy[t]`, channel by channel. `[kh, kw, channels, multiplier]`. */
function depthwiseKernel(shape: readonly number[], window: Window, x: tf.Tensor4D, gradient: tf.Tensor4D): tf.Tensor {
  const [kh, kw, channels, multiplier] = shape;
  const { before, output } = windowGeometry(shape, window, x.shape.slice(1));
  const { strides, dilations } = window;
  const border = [0, 1].map((axis): Pair => {
    const reach = (output[axis] - 1) * strides[axis] + (shape[axis] - 1) * dilations[axis] + 1;
    return [before[axis], reach - before[axis] - x.shape[axis + 1]];
  });
  const bordered = withBorder(x, border);
  const positions = x.shape[0] * output[0] * output[1];
  const wanted = tf.reshape(gradient, [positions, channels, multiplier]);
  const taps: tf.Tensor[] = [];
  for (let a = 0; a < kh; a++) for (let b = 0; b < kw; b++) {
    const from = [a * dilations[0], b * dilations[1]];
    const end = [0, 1].map((axis) => from[axis] + (output[axis] - 1) * strides[axis] + 1);
    const values = tf.stridedSlice(bordered, [0, from[0], from[1], 0], [x.shape[0], end[0], end[1], channels], [1, strides[0], strides[1], 1]);
    const products = tf.mul(tf.reshape(values, [positions, channels, 1]), wanted);
    taps.push(columnSums(tf.reshape(products, [positions, channels * multiplier])));
  }
  return tf.stack(taps);
}


/** `xᵀ dy`; transposed explicitly, for wasm's `transposeA` is ten times slower. */
function denseKernel({ weights }: NodeOf<'dense'>, x: tf.Tensor, gradient: tf.Tensor): tf.Tensor {
  const [n, m] = weights.kernel.shape;
  const rows = x.size / n;
  return tf.matMul(tf.transpose(tf.reshape(x, [rows, n])), tf.reshape(gradient, [rows, m]));
}

/** γ and β of `γ x̂ + β`. */
function affine(
  weights: { readonly gamma?: unknown; readonly beta?: unknown },
  gradient: tf.Tensor,
  normal: () => tf.Tensor,
): Promise<NodeGradients> {
  return gathered({
    gamma: weights.gamma === undefined ? undefined : read(tf.tidy(() => columnSums(tf.mul(gradient, normal())))),
    beta: weights.beta === undefined ? undefined : read(columnSums(gradient)),
  });
}

/** x̂: over runs of `width` channels, and over all pixels if `overPixels`. */
function standardised(x: tf.Tensor, width: number, overPixels: boolean, epsilon: number): tf.Tensor {
  const [images, channels] = [x.shape[0], x.shape[x.rank - 1]];
  const apart = tf.reshape(x, [images, x.size / (images * channels), channels / width, width]);
  const axes = overPixels ? [1, 3] : [3];
  const centred = tf.sub(apart, tf.mean(apart, axes, true));
  return tf.reshape(tf.mul(centred, tf.rsqrt(tf.add(tf.mean(tf.square(centred), axes, true), epsilon))), x.shape);
}
