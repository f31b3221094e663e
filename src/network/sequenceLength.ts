import type { Network, NodeOf } from './network.ts';
import { NetworkStructureError } from './networkErrors.ts';
import { inferShapes } from './shapes.ts';

/** The input of a network that reads token ids; undefined for any other. */
export function tokenInput({ nodes }: Network): NodeOf<'input'> | undefined {
  const input = nodes.find((node) => node.op === 'input');
  return input?.attributes.vocabulary === undefined ? undefined : input;
}

/**
 * The same network for sequences of `tokens`; its weights are shared with it.
 *
 * Throws `NetworkStructureError` for a network that reads no tokens, and `ShapeError` where a layer cannot
 * take as many (it knows fewer positions, or a reshape fixes their number).
 */
export function withSequenceLength(network: Network, tokens: number): Network {
  const input = tokenInput(network);
  if (!input) throw new NetworkStructureError(`Network "${network.name}" reads no tokens, so it has no sequence length.`);
  const attributes = { ...input.attributes, shape: [tokens] };
  const changed = { ...network, nodes: network.nodes.map((node) => (node.id === input.id ? { ...input, attributes } : node)) };
  inferShapes(changed);
  return changed;
}
