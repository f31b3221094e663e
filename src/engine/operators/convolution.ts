import * as tf from '@tensorflow/tfjs-core';
import type { NodeOf, Pair, Weight } from '../../network/network.ts';
import { backendPadding, type FusedActivation, type Operator, type Upload } from './operator.ts';

/**
 * Groups are convolved a few at a time, by block-diagonal kernels of at least this many inputs:
 * on wasm, 32 groups of 4 channels take 47 ms one by one, 18 ms in bundles of 16 channels, 59 ms
 * as one full kernel (2 × 56 × 56 pixels, 3 × 3).
 */
const BUNDLE_INPUTS = 16;

/** Convolution, also grouped, with bias and activation in the same call. */
export function conv2dOperator(node: NodeOf<'conv2d'>, upload: Upload, activation: FusedActivation): Operator {
  const { strides, padding, groups } = node.attributes;
  const { kernel, bias } = node.weights;
  if (groups > 1 && kernel.shape[2] === 1) return depthwiseConv2dOperator(asDepthwise(node), upload, activation);
  const taps = tapsFor(kernel, strides, node.attributes.dilations);
  const common = { strides: [...strides] as [number, number], pad: backendPadding(padding), dilations: taps.dilations, activation };
  const bundles = bundlesOf(taps.kernel, bias, groups).map((bundle) => ({
    filter: upload(bundle.kernel) as tf.Tensor4D,
    bias: bundle.bias && upload(bundle.bias),
  }));
  if (bundles.length === 1) return ([x]) => tf.fused.conv2d({ x: x as tf.Tensor4D, ...bundles[0], ...common });
  return ([x]) =>
    tf.concat(
      bundles.map(({ filter, bias }, k) => {
        const inputs = filter.shape[2];
        const own = tf.slice(x as tf.Tensor4D, [0, 0, 0, k * inputs], [-1, -1, -1, inputs]);
        return tf.fused.conv2d({ x: own, filter, bias, ...common });
      }),
      3,
    );
}

/** Depthwise convolution with bias and activation in the same call. */
export function depthwiseConv2dOperator(
  node: Pick<NodeOf<'depthwiseConv2d'>, 'attributes' | 'weights'>,
  upload: Upload,
  activation: FusedActivation,
): Operator {
  const { strides, padding } = node.attributes;
  const { kernel, dilations } = tapsFor(node.weights.kernel, strides, node.attributes.dilations);
  const filter = upload(kernel) as tf.Tensor4D;
  const bias = node.weights.bias && upload(node.weights.bias);
  const pad = backendPadding(padding) as 'same'; // its types leave explicit padding out, its kernels do not
  const common = { filter, bias, strides: [...strides] as [number, number], pad, dilations, activation };
  return ([x]) => tf.fused.depthwiseConv2d({ x: x as tf.Tensor4D, ...common });
}

/** Groups of one input each: the same numbers in the same order, under a depthwise kernel's shape. */
function asDepthwise({ attributes, weights }: NodeOf<'conv2d'>): Pick<NodeOf<'depthwiseConv2d'>, 'attributes' | 'weights'> {
  const [height, width, , outputs] = weights.kernel.shape;
  const shape = [height, width, attributes.groups, outputs / attributes.groups];
  return { attributes, weights: { ...weights, kernel: { shape, values: weights.kernel.values } } };
}

interface Bundle {
  readonly kernel: Weight;
  readonly bias?: Weight;
}

/**
 * Kernels (`[kh, kw, n, m]`, zero outside the blocks) that convolve one run of input channels after
 * the other. As few groups a bundle as give it `BUNDLE_INPUTS` inputs.
 */
function bundlesOf(kernel: Weight, bias: Weight | undefined, groups: number): Bundle[] {
  if (groups === 1) return [{ kernel, bias }];
  const [height, width, inputs, outputs] = kernel.shape;
  const wide = (size: number): boolean => groups % size === 0 && size * inputs >= BUNDLE_INPUTS;
  let size = 1;
  while (size < groups && !wide(size)) size++;
  const [n, m, own] = [size * inputs, (size * outputs) / groups, outputs / groups];
  return Array.from({ length: groups / size }, (_, k) => {
    const values = new Float32Array(height * width * n * m);
    for (let tap = 0; tap < height * width; tap++) for (let i = 0; i < inputs; i++) for (let o = 0; o < m; o++) {
      const row = Math.floor(o / own) * inputs + i;
      values[(tap * n + row) * m + o] = kernel.values[(tap * inputs + i) * outputs + k * m + o];
    }
    return {
      kernel: { shape: [height, width, n, m], values },
      ...(bias && { bias: { shape: [m], values: bias.values.slice(k * m, (k + 1) * m) } }),
    };
  });
}

/**
 * tfjs refuses strides together with dilations; there the dilation is written into the kernel as
 * zeros between its taps.
 */
function tapsFor(kernel: Weight, strides: Pair, dilations: Pair): { kernel: Weight; dilations: [number, number] } {
  const [dy, dx] = dilations;
  if (Math.max(...strides) === 1 || Math.max(...dilations) === 1) return { kernel, dilations: [dy, dx] };
  const [height, width, n, m] = kernel.shape;
  const shape = [(height - 1) * dy + 1, (width - 1) * dx + 1, n, m];
  const values = new Float32Array(shape[0] * shape[1] * n * m);
  for (let a = 0; a < height; a++) for (let b = 0; b < width; b++) {
    const from = (a * width + b) * n * m;
    values.set(kernel.values.subarray(from, from + n * m), (a * dy * shape[1] + b * dx) * n * m);
  }
  return { kernel: { shape, values }, dilations: [1, 1] };
}
