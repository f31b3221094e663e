import { ALLOCATIONS, COMPENSATIONS, ORDERS, SELECTIONS, TARGET_KINDS, type BudgetTarget, type Pins, type PruneRequest } from '../pruning/pruneRequest.ts';
import type { CalibrationSource } from '../datasets/calibrationSource.ts';
import { decodeSource, encodeSource } from '../datasets/sourceText.ts';
import { decodePreprocessing, encodePreprocessing, samePreprocessing, type Preprocessing } from '../datasets/preprocessing.ts';
import { NO_RULES, type GroupRule, type WidthRules } from '../pruning/widthRules.ts';
import { isShipped } from './catalogue.ts';
import { defaultPreprocessing, FRONTIER_AXES, type Experiment, type FrontierAxis } from './experiment.ts';

/**
 * The experiment as a URL fragment: `#v=1&model=resnet20-cifar10&images=512&keep=macs:0.5&…`.
 *
 * Reading never throws. Numbers out of range are clamped, and what cannot be read is dropped and
 * named in `ignored`.
 */
export interface FragmentState {
  readonly model?: FragmentModel;
  /** Absent: the shipped pictures. */
  readonly data?: FragmentFiles;
  /** Absent: as the model's card asks for it. */
  readonly preprocessing?: Preprocessing;
  readonly images?: number;
  /** Of the calibration pictures; absent: the open pictures. */
  readonly source?: CalibrationSource;
  readonly request: Partial<PruneRequest>;
  readonly pins?: Pins;
  readonly group?: string;
  readonly axis?: FrontierAxis;
}

export type FragmentModel =
  | { readonly kind: 'shipped'; readonly id: string }
  | { readonly kind: 'url'; readonly url: string }
  | FragmentFiles;

/** A link cannot carry a person's own files, only say which they were, and under what id this browser keeps them. */
export type FragmentFiles =
  | { readonly kind: 'files'; readonly name: string }
  | { readonly kind: 'kept'; readonly id: string; readonly name: string };

export interface DecodedFragment {
  readonly state: FragmentState;
  readonly ignored: readonly string[];
}

export const FRAGMENT_VERSION = '1';
export const IMAGE_LIMITS = { least: 10, most: 5000 } as const;
export const VALUE_LIMITS = { least: 0.01, most: 1 } as const;
const MOST_CHARACTERS = 60_000;
const MOST_NAME = 200;
const MOST_CHANNELS = 65_536;
export const MULTIPLE_LIMITS = { least: 1, most: 256 } as const;

export function fragmentState(experiment: Experiment): FragmentState {
  const { model: { descriptor }, data, preprocessing } = experiment;
  return {
    model: descriptor.kind === 'files' ? { kind: 'files', name: descriptor.name } : descriptor,
    ...(data.descriptor.kind === 'files' ? { data: { kind: 'files', name: data.descriptor.name } } : {}),
    ...(data.descriptor.kind === 'kept' ? { data: data.descriptor } : {}),
    ...(samePreprocessing(preprocessing, defaultPreprocessing(experiment.model)) ? {} : { preprocessing }),
    images: experiment.calibration.images,
    source: experiment.calibration.source,
    request: experiment.request,
    pins: experiment.pins,
    ...(experiment.selectedGroup === undefined ? {} : { group: experiment.selectedGroup }),
    axis: experiment.axis,
  };
}

export function encodeFragment({ model, data, preprocessing, images, source, request, pins, group, axis }: FragmentState): string {
  const fields: [string, string][] = [['v', FRAGMENT_VERSION]];
  if (model?.kind === 'shipped') fields.push(['model', encodeName(model.id)]);
  if (model?.kind === 'url') fields.push(['url', encodeName(model.url)]);
  if (model?.kind === 'files') fields.push(['file', encodeName(model.name)]);
  if (model?.kind === 'kept') fields.push(['kept', encodeKept(model)]);
  if (data) fields.push(['data', data.kind === 'kept' ? encodeKept(data) : encodeName(data.name)]);
  if (preprocessing) fields.push(['pixels', encodePreprocessing(preprocessing)]);
  if (images !== undefined) fields.push(['images', String(images)]);
  if (source) fields.push(['source', encodeSource(source)]);
  if (request.seed !== undefined) fields.push(['seed', String(request.seed)]);
  if (request.target) fields.push(['keep', `${request.target.kind}:${round(request.target.value)}`]);
  if (request.select) fields.push(['select', request.select]);
  if (request.compensate) fields.push(['compensate', request.compensate]);
  if (request.order) fields.push(['order', request.order]);
  if (request.allocate) fields.push(['allocate', request.allocate]);
  if (request.renorm !== undefined) fields.push(['renorm', request.renorm ? 'on' : 'off']);
  const ruled = encodeRules(request.rules ?? NO_RULES);
  if (ruled) fields.push(['rules', ruled]);
  const pinned = encodePins(pins ?? {});
  if (pinned) fields.push(['pins', pinned]);
  if (group !== undefined) fields.push(['group', encodeName(group)]);
  if (axis) fields.push(['axis', axis]);
  return fields.map(([key, value]) => `${key}=${value}`).join('&');
}

export function decodeFragment(fragment: string): DecodedFragment {
  const text = fragment.replace(/^#/, '');
  if (text === '') return { state: { request: {} }, ignored: [] };
  if (text.length > MOST_CHARACTERS) return { state: { request: {} }, ignored: ['the whole fragment, which is too long'] };

  const fields = new Map<string, string>();
  const ignored: string[] = [];
  for (const part of text.split('&')) {
    const at = part.indexOf('=');
    const key = at < 0 ? part : part.slice(0, at);
    if (at < 0 || !KEYS.has(key) || fields.has(key)) ignored.push(quoted(part));
    else fields.set(key, part.slice(at + 1));
  }
  if (fields.get('v') !== FRAGMENT_VERSION) {
    return { state: { request: {} }, ignored: [`the whole fragment, which is not of version ${FRAGMENT_VERSION}`] };
  }

  const read = <T>(key: string, parse: (raw: string) => T | undefined): T | undefined => {
    const raw = fields.get(key);
    if (raw === undefined) return undefined;
    const value = parse(raw);
    if (value === undefined) ignored.push(quoted(`${key}=${raw}`));
    return value;
  };
  const model =
    read<FragmentModel>('model', (raw) => map(decodeName(raw), (id) => (isShipped(id) ? { kind: 'shipped', id } : undefined))) ??
    read<FragmentModel>('url', (raw) => map(decodeName(raw), (url) => map(webAddress(url), (href) => ({ kind: 'url', url: href })))) ??
    read<FragmentModel>('file', (raw) => map(decodeName(raw), (name) => ({ kind: 'files', name }))) ??
    read<FragmentModel>('kept', decodeKept);
  const data = read<FragmentFiles>('data', (raw) => (raw.includes('*') ? decodeKept(raw) : map(decodeName(raw), (name) => ({ kind: 'files', name }))));
  const preprocessing = read('pixels', (raw) => decodePreprocessing(raw));
  const images = read('images', (raw) => integer(raw, IMAGE_LIMITS.least, IMAGE_LIMITS.most));
  const source = read('source', decodeSource);
  const seed = read('seed', (raw) => integer(raw, 0, 0xffffffff));
  const target = read('keep', budgetTarget);
  const select = read('select', oneOf(SELECTIONS));
  const compensate = read('compensate', oneOf(COMPENSATIONS));
  const order = read('order', oneOf(ORDERS));
  const allocate = read('allocate', oneOf(ALLOCATIONS));
  const renorm = map(read('renorm', oneOf(['on', 'off'])), (value) => value === 'on');
  const rules = read('rules', decodeRules);
  const pins = read('pins', decodePins);
  const group = read('group', decodeName);
  const axis = read('axis', oneOf(FRONTIER_AXES));
  return {
    state: defined({ model, data, preprocessing, images, source, request: defined({ seed, target, select, compensate, order, allocate, renorm, rules }), pins, group, axis }),
    ignored,
  };
}

const KEYS = new Set(['v', 'model', 'url', 'file', 'kept', 'data', 'pixels', 'images', 'source', 'seed', 'keep', 'select', 'compensate', 'order', 'allocate', 'renorm', 'rules', 'pins', 'group', 'axis']);

function budgetTarget(raw: string): BudgetTarget | undefined {
  const [kind, value, ...rest] = raw.split(':');
  const known = oneOf(TARGET_KINDS)(kind);
  const number = decimal(value ?? '', VALUE_LIMITS.least, VALUE_LIMITS.most);
  return known && number !== undefined && rest.length === 0 ? { kind: known, value: number } : undefined;
}

const RULE_SIGNS = { protect: 'p', width: 'w', atLeast: 'a' } as const;

/** `m8,f0.1,first*p,second*w24,third*a8`: multiples of 8, a tenth at least; first whole, second of 24 channels, third of 8 or more. */
function encodeRules({ multiple, floor, groups }: WidthRules): string {
  const parts = multiple === NO_RULES.multiple ? [] : [`m${multiple}`];
  if (floor !== NO_RULES.floor) parts.push(`f${round(floor)}`);
  for (const [group, rule] of Object.entries(groups)) {
    parts.push(`${encodeName(group)}*${RULE_SIGNS[rule.kind]}${rule.kind === 'protect' ? '' : rule.channels}`);
  }
  return parts.join(',');
}

function decodeRules(raw: string): WidthRules | undefined {
  let { multiple, floor }: WidthRules = NO_RULES;
  const groups: [string, GroupRule][] = [];
  for (const part of raw.split(',')) {
    const [encoded, sign, ...rest] = part.split('*');
    if (rest.length > 0) return undefined;
    if (sign === undefined) {
      const value = { m: integer(part.slice(1), MULTIPLE_LIMITS.least, MULTIPLE_LIMITS.most), f: decimal(part.slice(1), 0, 1) }[part[0]];
      if (value === undefined) return undefined;
      if (part[0] === 'm') multiple = value;
      else floor = value;
      continue;
    }
    const name = decodeName(encoded);
    const rule = groupRule(sign);
    if (name === undefined || !rule) return undefined;
    groups.push([name, rule]);
  }
  return { multiple, floor, groups: Object.fromEntries(groups) };
}

function groupRule(sign: string): GroupRule | undefined {
  if (sign === RULE_SIGNS.protect) return { kind: 'protect' };
  const kind = ([['w', 'width'], ['a', 'atLeast']] as const).find(([letter]) => letter === sign[0])?.[1];
  const channels = integer(sign.slice(1), 1, MOST_CHANNELS);
  return kind && channels !== undefined ? { kind, channels } : undefined;
}

/** `group*k0-3.9*c12`: in `group`, channels 0 to 3 and 9 are kept and 12 is cut, whatever the scores say. */
function encodePins(pins: Pins): string {
  return Object.entries(pins)
    .filter(([, channels]) => Object.keys(channels).length > 0)
    .map(([group, channels]) => {
      const pinned = Object.entries(channels).map(([channel, keep]) => ({ channel: Number(channel), keep }));
      const ranges = (keep: boolean) => encodeRanges(pinned.filter((pin) => pin.keep === keep).map(({ channel }) => channel));
      const kept = ranges(true);
      const cut = ranges(false);
      return `${encodeName(group)}${kept && `*k${kept}`}${cut && `*c${cut}`}`;
    })
    .join(',');
}

function decodePins(raw: string): Pins | undefined {
  const groups: [string, Record<number, boolean>][] = [];
  for (const entry of raw.split(',')) {
    const [encoded, ...parts] = entry.split('*');
    const name = decodeName(encoded);
    if (name === undefined || parts.length === 0) return undefined;
    const channels: Record<number, boolean> = {};
    for (const part of parts) {
      const ranges = decodeRanges(part.slice(1));
      if (!ranges || (part[0] !== 'k' && part[0] !== 'c')) return undefined;
      for (const channel of ranges) channels[channel] = part[0] === 'k';
    }
    groups.push([name, channels]);
  }
  return Object.fromEntries(groups);
}

function encodeRanges(channels: readonly number[]): string {
  const sorted = [...channels].sort((a, b) => a - b);
  const ranges: string[] = [];
  for (let start = 0; start < sorted.length; ) {
    let end = start;
    while (end + 1 < sorted.length && sorted[end + 1] === sorted[end] + 1) end += 1;
    ranges.push(end === start ? String(sorted[start]) : `${sorted[start]}-${sorted[end]}`);
    start = end + 1;
  }
  return ranges.join('.');
}

function decodeRanges(raw: string): readonly number[] | undefined {
  const channels: number[] = [];
  for (const range of raw.split('.')) {
    const found = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(range);
    if (!found) return undefined;
    const first = Number(found[1]);
    const last = Number(found[2] ?? found[1]);
    if (last < first || last >= MOST_CHANNELS || channels.length + last - first >= MOST_CHANNELS) return undefined;
    for (let channel = first; channel <= last; channel++) channels.push(channel);
  }
  return channels;
}

/** `3f9a01…*name`: the id under which this browser keeps something, and what it is called. */
function encodeKept({ id, name }: { readonly id: string; readonly name: string }): string {
  return `${id}*${encodeName(name)}`;
}

function decodeKept(raw: string): { readonly kind: 'kept'; readonly id: string; readonly name: string } | undefined {
  const [id, encoded, ...rest] = raw.split('*');
  const name = decodeName(encoded ?? '');
  return name !== undefined && rest.length === 0 && /^[0-9a-f]{1,32}$/.test(id) ? { kind: 'kept', id, name } : undefined;
}

function encodeName(name: string): string {
  return encodeURIComponent(name).replaceAll('*', '%2A');
}

function decodeName(raw: string): string | undefined {
  try {
    const name = decodeURIComponent(raw);
    // eslint-disable-next-line no-control-regex -- control characters have no place in a name
    return name.length > 0 && name.length <= MOST_NAME * 10 && !/[\u0000-\u001f]/.test(name) ? name : undefined;
  } catch {
    return undefined;
  }
}

function webAddress(raw: string): string | undefined {
  const url = URL.canParse(raw) ? new URL(raw) : undefined;
  return url && (url.protocol === 'https:' || url.protocol === 'http:') && !url.username && !url.password ? url.href : undefined;
}

function integer(raw: string, least: number, most: number): number | undefined {
  const value = /^-?\d{1,15}$/.test(raw) ? Number(raw) : undefined;
  return value === undefined ? undefined : Math.min(most, Math.max(least, value));
}

function decimal(raw: string, least: number, most: number): number | undefined {
  const value = /^-?\d{0,9}(\.\d{1,9})?$/.test(raw) && /\d/.test(raw) ? Number(raw) : undefined;
  return value === undefined ? undefined : Math.min(most, Math.max(least, value));
}

function oneOf<const T extends string>(values: readonly T[]): (raw: string) => T | undefined {
  return (raw) => values.find((value) => value === raw);
}

function map<A, B>(value: A | undefined, next: (value: A) => B | undefined): B | undefined {
  return value === undefined ? undefined : next(value);
}

function defined<T extends object>(fields: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as never;
}

/** Four digits tell any two positions of the slider apart. */
function round(value: number): string {
  return String(Number(value.toFixed(4)));
}

function quoted(part: string): string {
  return `“${part.length > 40 ? `${part.slice(0, 40)}…` : part}”`;
}
