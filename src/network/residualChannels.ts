import type { Network, Node } from './network.ts';
import { inferShapes } from './shapes.ts';

/**
 * The same network, whose residual-stream channels may be cut: every layer and RMS norm takes its means over
 * the channels that it has now, also when fewer are left (`over`). A channel that leaves then does what one
 * that is zero does, in all of the norms at once; that is how the norms tie it to the others.
 *
 * Files of other tools have no such norm, so what was cut of it can only be written as `safetensors` with
 * its plan.
 */
export function withResidualChannels(network: Network): Network {
  const shapes = inferShapes(network);
  const nodes = network.nodes.map((node): Node => {
    const over = shapes.get(node.id)?.at(-1);
    if (node.op === 'layerNorm') return { ...node, attributes: { over, ...node.attributes } };
    if (node.op === 'rmsNorm') return { ...node, attributes: { over, ...node.attributes } };
    return node;
  });
  return { ...network, nodes };
}
