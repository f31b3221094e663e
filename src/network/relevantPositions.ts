import type { Network, Node, Shape } from './network.ts';
import { inferShapes } from './shapes.ts';

/** Ops that compute each position (token) of their result from the same position of their inputs. */
const POSITIONWISE: ReadonlySet<Node['op']> = new Set([
  'rescaling', 'dense', 'batchNorm', 'layerNorm', 'rmsNorm', 'activation', 'prelu', 'add', 'subtract', 'multiply', 'dropout', 'embedding', 'positions', 'rotary', 'unembedding',
]);

/**
 * The positions of every sequence that any output depends on, by node id; a node that is not there matters at
 * all of its positions. Where a classifier reads the class token alone, nothing else of the last block counts: neither
 * should its errors.
 *
 * A sequence is a value of `[tokens, features]` (or token ids). O(nodes · tokens).
 *
 * @returns ascending positions, at least one and fewer than all
 */
export function relevantPositions(network: Network): ReadonlyMap<string, readonly number[]> {
  const shapes = inferShapes(network);
  const length = (id: string): number => sequenceLength(shapes.get(id));
  const relevant = new Map<string, Set<number>>();
  const add = (id: string, positions: Iterable<number>): void => {
    const known = relevant.get(id) ?? new Set<number>();
    for (const position of positions) known.add(position);
    relevant.set(id, known);
  };
  for (const id of network.outputs) add(id, all(length(id)));
  for (const node of network.nodes.toReversed()) {
    const own = relevant.get(node.id);
    if (!own) continue; // nothing that counts reads it
    node.inputs.forEach((input, k) => add(input, readBy(node, own, k, length(node.id), length(input))));
  }
  return new Map([...relevant].flatMap(([id, positions]) =>
    (positions.size > 0 && positions.size < length(id) ? [[id, [...positions].sort((a, b) => a - b)] as const] : [])));
}

/** Positions of input k that the positions `own` of a node's value depend on. */
function readBy(node: Node, own: ReadonlySet<number>, k: number, length: number, ofInput: number): Iterable<number> {
  if (POSITIONWISE.has(node.op) && length === ofInput) return own;
  if (node.op === 'slice' && node.attributes.axis === 0 && ofInput >= node.attributes.start + length) return [...own].map((position) => position + node.attributes.start);
  if (node.op === 'prependTokens') {
    const added = node.weights.tokens.shape[0];
    return [...own].flatMap((position) => (position >= added ? [position - added] : []));
  }
  if (node.op === 'attention' && !node.attributes.window && length === ofInput) {
    if (k === 0) return own;
    return node.attributes.causal ? all(Math.max(...own) + 1) : all(ofInput);
  }
  return all(ofInput);
}

/** Of anything but a sequence, 1: all of it or nothing. */
function sequenceLength(shape: Shape | undefined): number {
  return shape && shape.length <= 2 ? (shape.length === 2 ? shape[0] : 1) : 1;
}

function all(count: number): number[] {
  return Array.from({ length: count }, (_, position) => position);
}
