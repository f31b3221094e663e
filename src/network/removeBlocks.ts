import type { Network, Node } from './network.ts';
import type { ResidualBlock } from './residualBranches.ts';

/**
 * The network without these blocks: what read the stream behind a block reads the stream before it. Weights are shared with
 * `network`.
 *
 * @param blocks of `residualBlocks(network)`
 */
export function removeBlocks(network: Network, blocks: readonly ResidualBlock[]): Network {
  const branches = blocks.flat();
  const removed = new Set(branches.flatMap(({ nodes, add }) => [...nodes, add]));
  const streams = new Map(branches.map(({ add, stream }) => [add, stream]));
  const present = (id: string): string => {
    let found = id;
    for (let stream = streams.get(found); stream !== undefined; stream = streams.get(found)) found = stream;
    return found;
  };
  return {
    ...network,
    nodes: network.nodes.flatMap((node): Node[] => (removed.has(node.id) ? [] : [{ ...node, inputs: node.inputs.map(present) }])),
    outputs: network.outputs.map(present),
  };
}
