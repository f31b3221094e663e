import type { Network, Node, Weight } from '../../network/network.ts';

/** Arrays by node id and weight name: weights, velocities or gradients. */
export type WeightArrays = ReadonlyMap<string, Readonly<Record<string, Float32Array>>>;

/** The weights of a node that training changes: all but the stored statistics of a norm. */
export function trainableWeights(node: Node): Readonly<Record<string, Weight>> {
  if (node.op !== 'batchNorm') return node.weights;
  const { gamma, beta } = node.weights;
  return { ...(gamma && { gamma }), ...(beta && { beta }) };
}

/** Whether training changes something in this node. */
export function isTrainable(node: Node): boolean {
  return Object.keys(trainableWeights(node)).length > 0;
}

/** The network with copies of its weights. */
export function copiedWeights(network: Network): Network {
  return {
    ...network,
    nodes: network.nodes.map((node) => ({
      ...node,
      weights: Object.fromEntries(Object.entries<Weight>(node.weights).map(([name, { shape, values }]) => [name, { shape, values: values.slice() }])),
    }) as Node),
  };
}
