import { type ConsumerNode, isConsumer, type Node, type NodeOf, type Weight } from '../../network/network.ts';
import { normAffine } from './normalization.ts';

/** A node that is linear in its kernel, so that a norm after it can be folded into it. */
export type LinearNode = ConsumerNode | NodeOf<'depthwiseConv2d'>;

export function isLinear(node: Node): node is LinearNode {
  return isConsumer(node) || node.op === 'depthwiseConv2d';
}

/**
 * `node` with the norm that follows it folded into kernel and bias, in float64:
 * `norm(W x + b) = (scale · W) x + (scale · b + shift)` per output channel.
 */
export function foldNorm<N extends LinearNode>(node: N, norm: NodeOf<'batchNorm'>): N {
  const { scale, shift } = normAffine(norm);
  const { kernel, bias } = node.weights;
  const m = scale.length;
  // kernels hold their outputs last (a depthwise one as channel and multiplier), a transposed one its inputs
  const run = node.op === 'transposedConv2d' ? kernel.shape[3] : 1;
  const weights: { kernel: Weight; bias: Weight } = {
    kernel: { shape: kernel.shape, values: kernel.values.map((w, k) => w * scale[Math.floor(k / run) % m]) },
    bias: { shape: [m], values: Float32Array.from(shift, (s, c) => s + (bias?.values[c] ?? 0) * scale[c]) },
  };
  return { ...node, weights };
}
