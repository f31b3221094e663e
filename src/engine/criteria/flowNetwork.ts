import type { Network, Node, NodeOf, Weight } from '../../network/network.ts';
import { normAffine } from '../operators.ts';

export interface FlowOptions {
  /** Greatest values replaced by means, and products by sums, so that the network is linear. */
  readonly linear: boolean;
}

/**
 * The network through which absolute weights flow: kernels as `|W|` without biases, norms as the scale
 * `|γ| / σ` alone (those that take their statistics from the sample: as `|γ|`), every activation open,
 * differences as sums. Nothing is ever negative in it.
 */
export function flowNetwork(network: Network, { linear }: FlowOptions): Network {
  return { ...network, nodes: network.nodes.map((node) => flowNode(node, linear)) };
}

function flowNode(node: Node, linear: boolean): Node {
  switch (node.op) {
    case 'conv2d':
    case 'depthwiseConv2d':
    case 'transposedConv2d':
    case 'dense':
      return { ...node, weights: { kernel: absolute(node.weights.kernel) } } as Node;
    case 'batchNorm':
      return scaleNode(node, Float32Array.from(normAffine(node).scale, Math.abs));
    case 'layerNorm':
    case 'groupNorm': {
      const { gamma } = node.weights;
      return gamma ? scaleNode(node, absolute(gamma).values) : openNode(node);
    }
    case 'rescaling':
      return { ...node, attributes: { scale: Math.abs(node.attributes.scale), offset: 0 } };
    case 'activation':
    case 'prelu':
      return openNode(node);
    case 'subtract':
      return { ...node, op: 'add' };
    case 'multiply':
      return linear ? { ...node, op: 'add' } : node;
    case 'maxPool2d':
      return linear ? { ...node, op: 'averagePool2d' } : node;
    case 'globalMaxPool2d':
      return linear ? { ...node, op: 'globalAveragePool2d' } : node;
    default:
      return node;
  }
}

function absolute({ shape, values }: Weight): Weight {
  return { shape, values: values.map(Math.abs) };
}

function openNode({ id, inputs }: Node): NodeOf<'activation'> {
  return { id, op: 'activation', inputs, attributes: { function: 'linear' }, weights: {} };
}

function scaleNode({ id, inputs }: Node, gamma: Float32Array): NodeOf<'batchNorm'> {
  const shape = [gamma.length];
  const [mean, variance] = [new Float32Array(gamma.length), new Float32Array(gamma.length).fill(1)];
  return {
    id, op: 'batchNorm', inputs, attributes: { epsilon: 0 },
    weights: { gamma: { shape, values: gamma }, mean: { shape, values: mean }, variance: { shape, values: variance } },
  };
}
