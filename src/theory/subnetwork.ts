import { UnknownNodeError, type Network, type Node } from '../network/network.ts';
import { inferShapes } from '../network/shapes.ts';

/** The nodes, these included, whose values change when these nodes' values do. O(edges). */
export function downstream(network: Network, ids: Iterable<string>): ReadonlySet<string> {
  const changed = new Set(ids);
  for (const { id, inputs } of network.nodes) if (inputs.some((input) => changed.has(input))) changed.add(id);
  return changed;
}

/**
 * What of a network lies between some of its values and others: the nodes that `outputs` need when the
 * values of `inputs` are given. Those become `input` nodes under their own ids, so that the part runs
 * by itself. A node that is among both stays an input that is passed through.
 *
 * @throws UnknownNodeError
 */
export function subnetwork(network: Network, inputs: readonly string[], outputs: readonly string[]): Network {
  const shapes = inferShapes(network);
  const given = new Set(inputs);
  const needed = new Set(outputs);
  const nodes: Node[] = [];
  for (const node of network.nodes.toReversed()) {
    if (!needed.has(node.id)) continue;
    nodes.unshift(given.has(node.id) ? { id: node.id, op: 'input', inputs: [], attributes: { shape: shapes.get(node.id) ?? [] }, weights: {} } : node);
    if (!given.has(node.id)) for (const id of node.inputs) needed.add(id);
  }
  for (const id of outputs) if (!shapes.has(id)) throw new UnknownNodeError(id);
  return { name: network.name, nodes, outputs };
}

/** The values that the nodes `part` read from outside of it, in execution order. */
export function frontier(network: Network, part: ReadonlySet<string>): readonly string[] {
  const read = new Set(network.nodes.filter(({ id }) => part.has(id)).flatMap(({ inputs }) => inputs));
  return network.nodes.filter(({ id }) => read.has(id) && !part.has(id)).map(({ id }) => id);
}

/** The network with some of its nodes replaced by others of the same id. */
export function withNodes(network: Network, changed: ReadonlyMap<string, Node>): Network {
  return { ...network, nodes: network.nodes.map((node) => changed.get(node.id) ?? node) };
}
