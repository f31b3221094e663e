import type { CouplingGroup } from '../network/couplingGroup.ts';
import type { NodeSummary } from '../workers/protocol.ts';
import type { Network, NodeOf } from '../network/network.ts';
import { CHANNELS, type GroupLabel, type StageLabels, type Unit } from './groupLabel.ts';

type Kind = 'stream' | 'heads' | 'neurons' | 'channels';

interface Placed {
  readonly group: CouplingGroup;
  readonly kind: Kind;
  readonly unit: Unit;
  /** In execution order. */
  readonly at: number;
  /** How often the rows and columns were merged before it. */
  readonly stage: number;
}

const NEURONS: Unit = { one: 'neuron', many: 'neurons' };
const HEADS: Unit = { one: 'head', many: 'heads' };
/** A head of keys and values with all that query it: they leave together. */
const HEAD_GROUPS: Unit = { one: 'head group', many: 'head groups' };

/**
 * Headings and names for the groups of a network with attention, from what its layers do: "block 3 · heads",
 * "block 3 · MLP neurons". A block is an attention with the MLP behind it; where patches are merged, a stage
 * begins and blocks are counted anew. Undefined for a network without attention.
 */
export function labelsByStructure(network: Network, groups: readonly CouplingGroup[], nodes: readonly NodeSummary[]): readonly StageLabels[] | undefined {
  const attentions = new Map(network.nodes.flatMap((node) => (node.op === 'attention' ? [[node.id, node] as const] : [])));
  if (attentions.size === 0) return undefined;
  const places = new Map(network.nodes.map(({ id }, at) => [id, at]));
  const ops = new Map(network.nodes.map(({ id, op }) => [id, op]));
  const shapes = new Map(nodes.map(({ id, shape }) => [id, shape]));
  const merges = network.nodes.flatMap(({ op }, at) => (op === 'patchMerging' ? [at] : []));
  const placed = groups
    .map((group): Placed => {
      const attention = group.passThroughs.flatMap((id) => attentions.get(id) ?? []).at(0);
      const kind = kindOf(group, ops, attention !== undefined);
      const at = places.get(attention?.id ?? group.producers[0] ?? group.name) ?? 0;
      return { group, kind, at, stage: merges.filter((merge) => merge < at).length, unit: unitOf(kind, group, attention, shapes) };
    })
    .sort((a, b) => a.stage - b.stage || Number(b.kind === 'stream') - Number(a.kind === 'stream') || a.at - b.at);
  return [...new Set(placed.map(({ stage }) => stage))].map((stage) => {
    const title = merges.length === 0 ? '' : `Stage ${stage + 1}`;
    const members = placed.filter((entry) => entry.stage === stage);
    const size = title && sizeOf(members, shapes);
    return { title: title + size, groups: named(members, title) };
  });
}

function kindOf({ producers, passThroughs, consumers }: CouplingGroup, ops: ReadonlyMap<string, string>, attends: boolean): Kind {
  if (attends) return 'heads';
  if (passThroughs.some((id) => ops.get(id) === 'add')) return 'stream';
  return [...producers, ...consumers].every((id) => ops.get(id) === 'dense') ? 'neurons' : 'channels';
}

function unitOf(kind: Kind, { channels }: CouplingGroup, attention: NodeOf<'attention'> | undefined, shapes: ReadonlyMap<string, readonly number[]>): Unit {
  if (kind === 'neurons') return NEURONS;
  if (!attention) return CHANNELS;
  const features = shapes.get(attention.id)?.at(-1) ?? 0;
  return features / attention.attributes.headDim > channels ? HEAD_GROUPS : HEADS;
}

/** An attention opens a block, as does an MLP where the block before it has one already. */
function named(members: readonly Placed[], stage: string): readonly GroupLabel[] {
  let block = 0;
  let filled = new Set<Kind>(['heads', 'neurons']);
  return members.map(({ group: { name }, kind, unit }) => {
    if (kind === 'stream' || kind === 'channels') {
      const short = kind === 'stream' ? 'stream' : name;
      return { name, short, full: stage ? `${stage}, ${short}` : capital(short), unit };
    }
    if (filled.has(kind) || filled.has('neurons')) {
      block += 1;
      filled = new Set();
    }
    filled.add(kind);
    const what = kind === 'heads' ? unit.many : 'MLP neurons';
    return { name, short: `block ${block} · ${what}`, full: `${stage ? `${stage}, block` : 'Block'} ${block}, ${what}`, unit };
  });
}

/** " · 8 × 8", where the stage's layers work on rows and columns. */
function sizeOf(members: readonly Placed[], shapes: ReadonlyMap<string, readonly number[]>): string {
  const shape = members.map(({ group }) => shapes.get(group.producers[0] ?? '') ?? []).find(({ length }) => length === 3);
  return shape ? ` · ${shape[0]} × ${shape[1]}` : '';
}

function capital(text: string): string {
  return text[0].toUpperCase() + text.slice(1);
}
