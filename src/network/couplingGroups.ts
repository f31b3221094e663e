import type { CouplingGroup, GroupConsumer } from './couplingGroup.ts';
import type { Network, Node, Shape } from './network.ts';
import { opDefinition } from './ops/table.ts';
import { inferShapes } from './shapes.ts';

/**
 * The network's coupling groups, in execution order of their first members.
 *
 * Union-find over channel spaces: a mixer (conv, dense) opens a new space and consumes its
 * input's; everything else stays in its inputs' space, and an op of several inputs ties theirs.
 * Every node is in exactly one group's `producers` or `passThroughs`: that of its output axis.
 * The input node counts as a pass-through of the input group, which takes its name.
 *
 * A group is `frozen`, with the first reason in execution order, where it holds the network's
 * input channels or output, passes an op that cannot be cut, is added to features of another
 * layout, or feeds no layer. Throws what `inferShapes` throws. O(nodes).
 */
export function couplingGroups(network: Network): readonly CouplingGroup[] {
  const shapes = inferShapes(network);
  const spaces = new ChannelSpaces(network, shapes);
  const drafts = new Map<number, Draft>();
  const draftOf = (id: string): Draft => {
    const root = spaces.rootOf(id);
    const draft = drafts.get(root) ?? { channels: spaces.channels(root), producers: [], passThroughs: [], consumers: [] };
    drafts.set(root, draft);
    return draft;
  };

  for (const node of network.nodes) {
    const draft = draftOf(node.id);
    if (opDefinition(node).role(node).kind === 'mixer') {
      const source = draftOf(node.inputs[0]);
      source.consumers.push({ node: node.id, spread: width(shapes, node.inputs[0]) / source.channels });
      draft.producers.push(node.id);
    } else {
      draft.passThroughs.push(node.id);
    }
  }
  for (const [id, reason] of freezes(network, spaces)) draftOf(id).frozen ??= reason;

  return [...drafts.values()].map((draft) => ({
    name: draft.producers[0] ?? draft.passThroughs[0],
    ...draft,
    ...(draft.consumers.length === 0 && { frozen: draft.frozen ?? 'no layer reads it' }),
  }));
}

/** Node id → the group of its output axis. */
export function outputGroups(groups: readonly CouplingGroup[]): ReadonlyMap<string, CouplingGroup> {
  return new Map(
    groups.flatMap((group) => [...group.producers, ...group.passThroughs].map((id) => [id, group] as const)),
  );
}

interface Draft {
  readonly channels: number;
  readonly producers: string[];
  readonly passThroughs: string[];
  readonly consumers: GroupConsumer[];
  frozen?: string;
}

/** `[node id, reason]` for every node whose channels must all stay, in execution order. */
function* freezes(network: Network, spaces: ChannelSpaces): Generator<readonly [string, string]> {
  for (const node of network.nodes) {
    const role = opDefinition(node).role(node);
    if (role.kind === 'source' || role.kind === 'blocker') yield [node.id, role.reason];
    if (node.id === network.output) yield [node.id, "it holds the network's output"];
    if (role.kind !== 'mixer' && !sameLayout(node, spaces)) {
      const reason = `"${node.id}" joins features that are laid out differently`;
      for (const id of node.inputs) yield [id, reason];
    }
  }
}

function sameLayout(node: Node, spaces: ChannelSpaces): boolean {
  const channels = node.inputs.map((id) => spaces.channels(spaces.rootOf(id)));
  return channels.every((count) => count === channels[0]);
}

function width(shapes: ReadonlyMap<string, Shape>, id: string): number {
  return shapes.get(id)?.at(-1) ?? 0;
}

/** Union-find over the channel spaces of node outputs. Spaces of unequal channel counts stay apart. */
class ChannelSpaces {
  private readonly parents: number[] = [];
  private readonly counts: number[] = [];
  private readonly spaceOf = new Map<string, number>();

  constructor(network: Network, shapes: ReadonlyMap<string, Shape>) {
    for (const node of network.nodes) {
      const { kind } = opDefinition(node).role(node);
      if (kind === 'mixer' || kind === 'source') {
        this.spaceOf.set(node.id, this.open(width(shapes, node.id)));
      } else {
        const roots = node.inputs.map((id) => this.rootOf(id));
        for (const root of roots.slice(1)) this.tie(roots[0], root);
        this.spaceOf.set(node.id, roots[0]);
      }
    }
  }

  rootOf(id: string): number {
    return this.find(this.spaceOf.get(id) ?? -1);
  }

  channels(root: number): number {
    return this.counts[root];
  }

  private open(channels: number): number {
    this.parents.push(this.parents.length);
    this.counts.push(channels);
    return this.parents.length - 1;
  }

  private find(space: number): number {
    let root = space;
    while (this.parents[root] !== root) root = this.parents[root];
    this.parents[space] = root;
    return root;
  }

  private tie(a: number, b: number): void {
    const [first, second] = [this.find(a), this.find(b)].sort((x, y) => x - y);
    if (this.counts[first] === this.counts[second]) this.parents[second] = first;
  }
}
