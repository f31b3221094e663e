import type { CouplingGroup } from '../network/couplingGroup.ts';
import { nodeById, type ConsumerNode, type Network, type Weight } from '../network/network.ts';
import { prunableGroups } from './keepSets.ts';

/** A layer whose input channels fidelity scores, seen as n components of p weights per output. */
export interface ConsumerLayer {
  readonly node: ConsumerNode;
  readonly group: CouplingGroup;
  /** Input components: the group's channels. */
  readonly n: number;
  /** Weights per (output, component): `kh · kw`, or the positions of a channel after a flatten. */
  readonly p: number;
  readonly m: number;
}

/** Every consumer of every group that may be cut, in execution order. */
export function consumerLayers(network: Network, groups: readonly CouplingGroup[]): ConsumerLayer[] {
  const order = new Map(network.nodes.map(({ id }, at) => [id, at]));
  return prunableGroups(groups)
    .flatMap((group) => group.consumers.map(({ node }) => consumerLayer(nodeById(network, node), group)))
    .sort((a, b) => (order.get(a.node.id) ?? 0) - (order.get(b.node.id) ?? 0));
}

function consumerLayer(node: ReturnType<typeof nodeById>, group: CouplingGroup): ConsumerLayer {
  if (node.op !== 'conv2d' && node.op !== 'dense') throw new Error(`Node "${node.id}" (${node.op}) consumes no channels.`);
  const { shape } = node.weights.kernel;
  const m = shape[shape.length - 1];
  const inputs = shape.slice(0, -1).reduce((product, size) => product * size, 1);
  return { node, group, n: group.channels, p: inputs / group.channels, m };
}

/**
 * A kernel as `m × np` row-major float64, component-major (`W[c][i · p + q]`). TensorFlow's layout
 * is offset-major with outputs last, `(q · n + i) · m + c`, for conv and flattened dense alike.
 */
export function componentWeights(kernel: Weight, n: number, p: number, m: number): Float64Array {
  const weights = new Float64Array(m * n * p);
  for (let q = 0; q < p; q++) {
    for (let i = 0; i < n; i++) {
      for (let c = 0; c < m; c++) weights[(c * n + i) * p + q] = kernel.values[(q * n + i) * m + c];
    }
  }
  return weights;
}

/** The inverse of `componentWeights`: `m × kp` values as a kernel of the given node with k inputs. */
export function kernelOf(node: ConsumerNode, weights: Float64Array, k: number, p: number, m: number): Weight {
  const values = new Float32Array(p * k * m);
  for (let q = 0; q < p; q++) {
    for (let i = 0; i < k; i++) {
      for (let c = 0; c < m; c++) values[(q * k + i) * m + c] = weights[(c * k + i) * p + q];
    }
  }
  const { shape } = node.weights.kernel;
  return { shape: node.op === 'conv2d' ? [shape[0], shape[1], k, m] : [p * k, m], values };
}
