import type { Network, Node } from '../../network/network.ts';
import { inferShapes } from '../../network/shapes.ts';

/** Ops that treat every token by itself and take one input. */
const TOKENWISE: ReadonlySet<Node['op']> = new Set(['dense', 'unembedding', 'layerNorm', 'rmsNorm', 'activation', 'dropout', 'rescaling']);

/**
 * The same network, giving its first output only at positions from `from` on: a slice stands before the last nodes
 * that treat every token by itself (a language model's norm and head, whose product takes a third of the time
 * of a small one). Where there is no such node the slice stands at the end. Weights are shared.
 */
export function scoredTail(network: Network, from: number): Network {
  if (from === 0) return network;
  const [output, ...others] = network.outputs;
  const byId = new Map(network.nodes.map((node) => [node.id, node]));
  const readers = new Map<string, number>();
  for (const id of [...network.nodes.flatMap(({ inputs }) => inputs), ...others]) readers.set(id, (readers.get(id) ?? 0) + 1);

  // from the output up, as long as nothing else reads what is passed
  const tail: Node[] = [];
  let value = output;
  for (let node = byId.get(value); node && TOKENWISE.has(node.op) && !readers.has(value); node = byId.get(value)) {
    tail.unshift(node);
    [value] = node.inputs;
    if ((readers.get(value) ?? 0) > 1) break;
    readers.delete(value);
  }

  const [tokens] = inferShapes(network).get(value) ?? [];
  const slice: Node = { id: `${value}/scored`, op: 'slice', inputs: [value], attributes: { axis: 0, start: from, size: tokens - from }, weights: {} };
  const moved = new Set(tail);
  const rest = network.nodes.filter((node) => !moved.has(node));
  const after = tail.map((node, at) => (at === 0 ? { ...node, inputs: [slice.id] } : node));
  return { ...network, nodes: [...rest, slice, ...after], outputs: [after.length > 0 ? output : slice.id, ...others] };
}
