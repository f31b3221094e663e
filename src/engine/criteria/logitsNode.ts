import { nodeById, type Network } from '../../network/network.ts';

/** The node that holds the class scores of the first output before a final softmax or sigmoid. */
export function logitsNode(network: Network): string {
  let node = nodeById(network, network.outputs[0]);
  while (node.op === 'activation' && ['softmax', 'sigmoid', 'linear'].includes(node.attributes.function)) {
    node = nodeById(network, node.inputs[0]);
  }
  return node.id;
}
