import type { ActivationName, Network, Node, Op } from '../../network/network.ts';

const FLOORED: ReadonlySet<ActivationName> = new Set(['relu', 'relu6', 'sigmoid', 'hardSigmoid', 'softplus', 'softmax']);
/** Never below zero where no input is. */
const KEEPS_SIGN: ReadonlySet<Op> = new Set([
  'add', 'multiply', 'concat', 'slice', 'maxPool2d', 'averagePool2d', 'globalAveragePool2d', 'globalMaxPool2d', 'flatten',
  'reshape', 'permute', 'zeroPad2d', 'crop2d', 'resize2d', 'dropout',
]);

/** Ids of the nodes whose values are never below zero, whatever the picture and the weights. */
export function nonNegativeNodes({ nodes }: Network): ReadonlySet<string> {
  const found = new Set<string>();
  for (const node of nodes) {
    if (isFloored(node) || (KEEPS_SIGN.has(node.op) && node.inputs.every((id) => found.has(id)))) found.add(node.id);
  }
  return found;
}

function isFloored(node: Node): boolean {
  return node.op === 'activation' && FLOORED.has(node.attributes.function);
}
