import type { CouplingGroup } from '../network/couplingGroup.ts';
import type { NodeSummary } from '../workers/protocol.ts';
import { CHANNELS, type StageLabels } from './groupLabel.ts';

interface NameParts {
  readonly stage: number;
  readonly block?: number;
  readonly layer: string;
}

/** Reads `stem_conv`, `stage2_block1_conv1`, `stage1_conv2`; anything else is undefined. */
function nameParts(name: string): NameParts | undefined {
  if (/^stem(_|$)/.test(name)) return { stage: 0, layer: name };
  const found = /^stage(\d+)_(?:block(\d+)_)?([a-z]+\d*)$/.exec(name);
  if (!found) return undefined;
  return { stage: Number(found[1]), ...(found[2] ? { block: Number(found[2]) } : {}), layer: found[3].replace(/(\d+)$/, ' $1') };
}

/**
 * Stage headings and readable names for the groups, from the names of their producers. In each
 * stage the residual stream comes first. Names of another style are shown as they are.
 */
export function stageLabels(groups: readonly CouplingGroup[], nodes: readonly NodeSummary[] = []): readonly StageLabels[] {
  const parts = groups.map((group) => ({ group, parts: nameParts(group.name) }));
  if (!parts.every((entry) => entry.parts)) {
    return [{ title: '', groups: groups.map(({ name }) => ({ name, short: name, full: name, unit: CHANNELS })) }];
  }
  const shapes = new Map(nodes.map(({ id, shape }) => [id, shape]));
  const blocksWithOneGroup = countBy(parts.map(({ parts: p }) => `${p?.stage}/${p?.block}`));

  const entries = parts.map(({ group, parts: own }, position) => {
    const stages = group.producers.flatMap((producer) => nameParts(producer)?.stage ?? []);
    const stream = group.producers.length > 1;
    const stage = stream ? Math.max(...stages) : (own?.stage ?? 0);
    const alone = blocksWithOneGroup.get(`${own?.stage}/${own?.block}`) === 1 || group.producers.length === 1;
    let short = 'stem';
    if (stream) short = 'stream';
    else if (own?.block !== undefined) short = alone && /^conv 1$/.test(own.layer) ? `block ${own.block}` : `block ${own.block}, ${own.layer}`;
    else if (own && own.stage > 0) short = own.layer;
    return { group, stage, stream, stem: stages.includes(0), short, position };
  });

  const numbers = [...new Set(entries.map(({ stage }) => stage))].sort((a, b) => a - b);
  return numbers.map((stage) => {
    const members = entries.filter((entry) => entry.stage === stage).sort((a, b) => Number(b.stream) - Number(a.stream) || a.position - b.position);
    const name = stage === 0 ? 'Stem' : `Stage ${stage}`;
    const shape = shapes.get(members[0].group.producers[0]);
    const size = shape?.length === 3 ? ` · ${shape[0]} × ${shape[1]}` : '';
    const title = stage > 0 && members.some(({ stem }) => stem) ? `Stem and stage ${stage}` : name;
    return {
      title: `${title}${size}`,
      groups: members.map(({ group, short }) => ({ name: group.name, short, full: short === 'stem' ? 'Stem' : `${name}, ${short}`, unit: CHANNELS })),
    };
  });
}

function countBy(keys: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1);
  return counts;
}
