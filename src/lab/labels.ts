import type { CouplingGroup } from '../network/couplingGroup.ts';
import { DEFAULT_REQUEST, SELECTIONS, type Allocation, type Compensation, type Order, type Selection, type TargetKind } from '../pruning/pruneRequest.ts';
import { SELECTION_RULES } from '../pruning/selections.ts';
import type { NodeSummary } from '../workers/protocol.ts';
import type { DataDescriptor, FrontierAxis, Method, ModelDescriptor, PlanSettings } from './experiment.ts';
import { SHIPPED_DATA, SHIPPED_MODELS } from './catalogue.ts';
import { percent } from './format.ts';
import { methodOf } from './method.ts';
import { rulesLabel } from './rules.ts';

export interface GroupLabel {
  readonly name: string;
  /** Within its stage: "block 2", "stream". */
  readonly short: string;
  /** By itself: "Stage 2, block 2". */
  readonly full: string;
}

export interface StageLabels {
  /** Empty where the names tell of no stages. */
  readonly title: string;
  readonly groups: readonly GroupLabel[];
}

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
    return [{ title: '', groups: groups.map(({ name }) => ({ name, short: name, full: name })) }];
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
      groups: members.map(({ group, short }) => ({ name: group.name, short, full: short === 'stem' ? 'Stem' : `${name}, ${short}` })),
    };
  });
}

export const SELECTION_LABELS = Object.fromEntries(SELECTIONS.map((select) => [select, SELECTION_RULES[select].label])) as Readonly<Record<Selection, string>>;
export const COMPENSATION_LABELS: Readonly<Record<Compensation, string>> = { none: 'none', scale: 'scale', leastSquares: 'least squares', leastSquaresBias: 'least squares + bias', leastSquaresRelu: 'least squares behind ReLU' };
export const ORDER_LABELS: Readonly<Record<Order, string>> = { oneShot: 'one-shot', sequential: 'sequential' };
export const ALLOCATION_LABELS: Readonly<Record<Allocation, string>> = { uniform: 'uniform', eta: 'equal η', theory: 'by theory' };
export const TARGET_LABELS: Readonly<Record<TargetKind, string>> = { macs: 'MACs', params: 'params', latency: 'time', channels: 'channels', eta: 'η' };
export const AXIS_LABELS: Readonly<Record<FrontierAxis, string>> = { macs: 'MACs', params: 'parameters', latency: 'milliseconds' };

/** "singleton + least squares", "L1"; the rest is named only where it is not the usual. */
export function methodLabel({ select, compensate, order, allocate, renorm }: Method): string {
  return [
    SELECTION_LABELS[select] + (compensate === 'none' ? '' : ` + ${COMPENSATION_LABELS[compensate]}`),
    ...(compensate !== 'none' && order === 'oneShot' ? [ORDER_LABELS.oneShot] : []),
    ...(allocate === DEFAULT_REQUEST.allocate ? [] : [ALLOCATION_LABELS[allocate]]),
    ...(renorm ? ['norms again'] : []),
  ].join(', ');
}

export function planLabel({ request, pins }: PlanSettings): string {
  const value = request.target.kind === 'eta' ? `η ≥ ${request.target.value.toFixed(2)}` : `${percent(request.target.value, 0)} ${TARGET_LABELS[request.target.kind]}`;
  const byHand = Object.values(pins).some((channels) => Object.keys(channels).length > 0) ? ', by hand' : '';
  const rules = rulesLabel(request.rules);
  return `${methodLabel(methodOf(request))}, ${value}${rules && `, ${rules}`}${byHand}`;
}

export function modelLabel(descriptor: ModelDescriptor): string {
  switch (descriptor.kind) {
    case 'shipped':
      return SHIPPED_MODELS.find(({ id }) => id === descriptor.id)?.name ?? descriptor.id;
    case 'url':
      return descriptor.url.replace(/\/(model\.json)?$/, '').split('/').at(-1) || descriptor.url;
    case 'files':
    case 'kept':
      return descriptor.name;
  }
}

export function dataLabel(descriptor: DataDescriptor): string {
  return descriptor.kind === 'shipped' ? SHIPPED_DATA : descriptor.name;
}

function countBy(keys: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1);
  return counts;
}
