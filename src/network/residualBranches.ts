import type { Network, Node, NodeOf } from './network.ts';
import { inferShapes } from './shapes.ts';

/** `stream + f(stream)`: what a residual connection goes around. */
export interface ResidualBranch {
  /** The node whose value is the stream before the branch. */
  readonly stream: string;
  /** The add: its value is the stream behind the branch. */
  readonly add: string;
  /** The add's other inputs: where f's values come from. One, save where branches stand side by side. */
  readonly ends: readonly string[];
  /** The branch's nodes, in execution order; nothing else reads them, and they read nothing but the stream and one another. */
  readonly nodes: readonly string[];
}

/** Branches that follow one another on one stream, in execution order: all of a block's, or of a whole chain's. */
export type ResidualBlock = readonly ResidualBranch[];

/**
 * All residual branches, read off the graph alone, in execution order: adds of which one input is the others' ancestor
 * and of their shape, where everything between depends on that input only and is read nowhere else. So a branch can
 * be left out, which leaves its stream as it was. A shortcut with a layer on it is no branch.
 */
export function residualBranches(network: Network): ResidualBranch[] {
  const shapes = inferShapes(network);
  const nodes = new Map(network.nodes.map((node) => [node.id, node]));
  const readers = readersOf(network);
  return network.nodes.flatMap((node): ResidualBranch[] => {
    if (node.op !== 'add') return [];
    const shape = shapes.get(node.id)?.join();
    for (const stream of node.inputs) {
      if (shapes.get(stream)?.join() !== shape) continue;
      const branch = branchFrom(node, stream, nodes, readers, network.outputs);
      if (branch) return [branch];
    }
    return [];
  });
}

/** Branches as chains: each one's stream is the add of the one before. */
export function residualChains(network: Network): ResidualBlock[] {
  const chains: ResidualBranch[][] = [];
  const endingAt = new Map<string, ResidualBranch[]>();
  for (const branch of residualBranches(network)) {
    const chain = endingAt.get(branch.stream) ?? [];
    if (chain.length === 0) chains.push(chain);
    endingAt.delete(branch.stream);
    chain.push(branch);
    endingAt.set(branch.add, chain);
  }
  return chains;
}

/**
 * The blocks that the branches make up, in execution order. Where a chain has attentions, each opens a block, and the
 * branches without one (MLPs) belong to the block before them; elsewhere each branch is a block.
 */
export function residualBlocks(network: Network): ResidualBlock[] {
  const attentions = new Set(network.nodes.flatMap(({ id, op }) => (op === 'attention' ? [id] : [])));
  const attends = (branch: ResidualBranch): boolean => branch.nodes.some((id) => attentions.has(id));
  const place = new Map(network.nodes.map(({ id }, at) => [id, at]));
  const blocks = residualChains(network).flatMap((chain): ResidualBlock[] => {
    const made: ResidualBranch[][] = [];
    let hasAttention = false;
    for (const branch of chain) {
      const opens = attends(branch) || !hasAttention;
      hasAttention ||= attends(branch);
      const last = made.at(-1);
      if (opens || !last) made.push([branch]);
      else last.push(branch);
    }
    return made;
  });
  return blocks.sort(([a], [b]) => (place.get(a.add) ?? 0) - (place.get(b.add) ?? 0));
}

/** Where a block's stream comes in, and where it goes out. */
export function blockEnds(block: ResidualBlock): { readonly before: string; readonly behind: string } {
  return { before: block[0].stream, behind: block[block.length - 1].add };
}

function branchFrom(
  add: NodeOf<'add'>,
  stream: string,
  nodes: ReadonlyMap<string, Node>,
  readers: ReadonlyMap<string, readonly string[]>,
  outputs: readonly string[],
): ResidualBranch | undefined {
  const ends = add.inputs.filter((id) => id !== stream);
  if (ends.length !== add.inputs.length - 1) return undefined;
  const found = new Set<string>();
  const open = [...ends];
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    if (id === stream || found.has(id)) continue;
    const node = nodes.get(id);
    // the input is before every stream: this end does not come from this one
    if (!node || node.op === 'input') return undefined;
    found.add(id);
    open.push(...node.inputs);
  }
  const closed = Array.from(found).every((id) =>
    !outputs.includes(id) && (readers.get(id) ?? []).every((reader) => reader === add.id || found.has(reader)));
  if (!closed) return undefined;
  return { stream, add: add.id, ends, nodes: Array.from(nodes.keys()).filter((id) => found.has(id)) };
}

/** Node id → the nodes that read it. */
export function readersOf(network: Network): ReadonlyMap<string, readonly string[]> {
  const readers = new Map<string, string[]>();
  for (const { id, inputs } of network.nodes) {
    for (const input of inputs) {
      const known = readers.get(input);
      if (known) known.push(id);
      else readers.set(input, [id]);
    }
  }
  return readers;
}
