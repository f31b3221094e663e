import type { ConsumerNode, Weight } from '../network/network.ts';
import type { ConsumerLayer } from './consumerLayers.ts';

/*
 * Between a kernel's layout and the `m × np` matrix that the formulas are about, component-major:
 * `W[c][i · p + q]` is the weight of output c for offset q of component i.
 */

type Part = Pick<ConsumerLayer, 'node' | 'part' | 'parts' | 'p' | 'flattened'>;

/** Components and outputs of one part of a kernel, which may have been cut. */
export function kernelSize({ node, parts, p }: Part, { shape }: Weight): { readonly n: number; readonly m: number } {
  if (node.op === 'transposedConv2d') return { n: shape[3], m: shape[2] };
  if (node.op === 'dense') return { n: shape[0] / p, m: shape[1] };
  return { n: shape[2], m: shape[3] / parts };
}

/** The weights of one part of `kernel`, row-major `m × np` float64. */
export function componentWeights(layer: Part, kernel: Weight): Float64Array {
  const { n, m } = kernelSize(layer, kernel);
  const weights = new Float64Array(m * n * layer.p);
  eachPlace(layer, kernel, (at, place) => {
    weights[at] = kernel.values[place];
  });
  return weights;
}

/** Writes one part's `m × np` weights into `kernel`: the inverse of `componentWeights`. */
export function writeWeights(layer: Part, weights: Float64Array, kernel: Weight): void {
  eachPlace(layer, kernel, (at, place) => {
    kernel.values[place] = weights[at];
  });
}

/** A kernel of zeros like the node's own, for k inputs (of one part) and m outputs (of all parts). */
export function emptyKernel(node: ConsumerNode, k: number, p: number, m: number): Weight {
  const [height, width] = node.weights.kernel.shape;
  const shape = { conv2d: [height, width, k, m], transposedConv2d: [height, width, m, k], dense: [p * k, m] }[node.op];
  return { shape, values: new Float32Array(p * k * m) };
}

/** Calls `visit` with every place in the `m × np` matrix and in the kernel's values. */
function eachPlace(layer: Part, kernel: Weight, visit: (at: number, place: number) => void): void {
  const { n, m } = kernelSize(layer, kernel);
  const { node, part, parts, p, flattened } = layer;
  // kernels hold their inputs offset by offset, save a dense layer's that are heads or single features
  const runs = node.op === 'dense' && !flattened;
  for (let q = 0; q < p; q++) {
    for (let i = 0; i < n; i++) {
      for (let c = 0; c < m; c++) {
        // offset q of a transposed convolution's patch meets the weight at the opposite end of its kernel
        const place = node.op === 'transposedConv2d'
          ? ((p - 1 - q) * m + c) * n + i
          : (runs ? i * p + q : q * n + i) * m * parts + part * m + c;
        visit((c * n + i) * p + q, place);
      }
    }
  }
}
