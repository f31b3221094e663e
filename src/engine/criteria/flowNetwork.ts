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
 *
 * Attention hands on the mean of the values that a token sees, as with equal scores: queries and keys carry no flow.
 * An embedding gives every token the sum of its rows, what an input of ones is of it; positions are left out, as biases are.
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
    case 'rmsNorm':
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
    case 'embedding':
      return { ...node, weights: { table: summedRows(node.weights.table) } };
    case 'unembedding':
      return { ...node, weights: { table: absolute(node.weights.table) } };
    case 'positions':
    case 'rotary':
      return openNode(node);
    case 'prependTokens':
      return { ...node, weights: { tokens: absolute(node.weights.tokens) } };
    case 'attention':
      return { ...node, attributes: { ...node.attributes, scale: 0 }, weights: {} };
    default:
      return node;
  }
}

/** Row 1, which an input of ones reads, is the sum of all rows' absolute values; row 0 is 0. */
function summedRows({ shape: [, features], values }: Weight): Weight {
  const sums = new Float32Array(2 * features);
  values.forEach((value, at) => (sums[features + (at % features)] += Math.abs(value)));
  return { shape: [2, features], values: sums };
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
