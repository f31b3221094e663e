import type { FeatureMap } from '../../network/couplingGroup.ts';
import type { Network, Node } from '../../network/network.ts';
import { coupling } from '../../network/coupling.ts';
import { prunableGroups } from '../../pruning/keepSets.ts';
import type { Job } from '../job.ts';
import { groupReads } from './groupReads.ts';
import { intervalBounds, PIXELS, type Bounds, type InputBox } from './intervalBounds.ts';
import type { NetworkCriterion } from './networkCriterion.ts';

/** How many units of a ReLU layer are proven stable over a box of inputs. A unit is one value of one picture. */
export interface StableUnits {
  /** The activation. */
  readonly node: string;
  readonly units: number;
  /** Never positive: always 0 behind the ReLU. */
  readonly dead: number;
  /** Never negative (of a ReLU6: nor above 6): the ReLU does nothing. */
  readonly linear: number;
  readonly channels: number;
  /** Channels all of whose units are dead, or linear. */
  readonly deadChannels: number;
  readonly linearChannels: number;
  /** Why nothing could be bounded here; all counts are then 0. */
  readonly unknown?: string;
}

/** Stable units were asked for of a network that has no ReLU. */
export class ReluNeededError extends Error {
  override readonly name = 'ReluNeededError';
  constructor(network: string, found: readonly string[]) {
    super(`The stable-ReLU rule scores channels by bounds before ReLUs, and "${network}" has none (its activations: ${found.join(', ') || 'none'}). Use another rule.`);
  }
}

/**
 * Stable ReLU units (LEO++: Serra et al., NeurIPS 2021), by interval bounds where the paper solves
 * mixed-integer programs: sound, but looser. A channel's score is how much of the interval of its
 * pre-activation lies above zero, `u / (u − l)`, at the most in any of its units and ReLUs: 0 where none is
 * ever positive and nothing else is read of it (removal is then exact), 1 where one is never negative,
 * and where there are no bounds or no ReLU. Over pixels from 0 to 255 unless the input says what the network is given.
 *
 * @throws ReluNeededError where the network has no ReLU
 * @throws CancelledError
 */
export const stableRelu: NetworkCriterion = async ({ network, coupled, inputBox = PIXELS }, job = {}) => {
  if (!network.nodes.some(isRelu)) throw new ReluNeededError(network.name, activationsOf(network));
  const empty = () => new Map(prunableGroups(coupled.groups).map(({ name, channels }) => [name, new Float64Array(channels).fill(-1)]));
  /** Greatest share by channel, and greatest magnitude that is read; −1 where there is none. */
  const [shares, magnitudes] = [empty(), empty()];
  const readers = new Map<string, FeatureMap>(groupReads(network, coupled).map(({ node, features }) => [node.inputs[0], features]));
  await overPreActivations(network, inputBox, async (node, before, after) => {
    const features = coupled.features.get(node.id);
    if (features && isRelu(node) && before) raise(shares, features, await sharesAbove(before, features));
    const read = readers.get(node.id);
    if (read) raise(magnitudes, read, (await channelRange(after, read)).map(({ lower, upper }) => Math.max(-lower, upper)));
  }, job);
  return new Map([...shares].map(([name, own]) => {
    const read = magnitudes.get(name);
    return [name, own.map((share, c) => ((read?.[c] ?? 1) <= 0 ? 0 : share > 0 ? share : 1))];
  }));
};

/**
 * How many units of every ReLU layer are stable over a box of inputs.
 *
 * @throws CancelledError
 */
export async function stableUnits(network: Network, box: InputBox = PIXELS, job: Job = {}): Promise<StableUnits[]> {
  const { features } = coupling(network);
  const layers: StableUnits[] = [];
  await overPreActivations(network, box, async (node, before) => {
    const own = features.get(node.id);
    if (!isRelu(node) || !before || !own) return;
    const channels = own.group.length;
    if ('unknown' in before) {
      layers.push({ node: node.id, units: 0, dead: 0, linear: 0, channels, deadChannels: 0, linearChannels: 0, unknown: before.unknown });
      return;
    }
    const most = node.op === 'activation' && node.attributes.function === 'relu6' ? 6 : Infinity;
    const [lower, upper] = [await before.lower.data(), await before.upper.data()];
    const inner = before.lower.shape.slice(own.axis + 2).reduce((product, size) => product * size, 1);
    const alive = { dead: new Uint8Array(channels), linear: new Uint8Array(channels) };
    let [dead, linear] = [0, 0];
    for (let at = 0; at < lower.length; at++) {
      const channel = Math.floor(at / inner) % channels;
      if (upper[at] <= 0) dead++;
      else alive.dead[channel] = 1;
      if (lower[at] >= 0 && upper[at] <= most) linear++;
      else alive.linear[channel] = 1;
    }
    layers.push({ node: node.id, units: lower.length, dead, linear, channels, deadChannels: zerosIn(alive.dead), linearChannels: zerosIn(alive.linear) });
  }, job);
  return layers;
}

/** Raises each channel's value to the greatest of its features. */
function raise(sums: ReadonlyMap<string, Float64Array>, { groups, group, component }: FeatureMap, values: ArrayLike<number>): void {
  for (let f = 0; f < group.length; f++) {
    const own = sums.get(groups[group[f]].name);
    if (own) own[component[f]] = Math.max(own[component[f]], values[f]);
  }
}

function zerosIn(flags: Uint8Array): number {
  return flags.reduce((count, flag) => count + (flag === 0 ? 1 : 0), 0);
}

function activationsOf({ nodes }: Network): string[] {
  return [...new Set(nodes.flatMap((node) => (node.op === 'activation' ? [node.attributes.function] : [])))];
}

function isRelu(node: Node): boolean {
  return node.op === 'activation' && (node.attributes.function === 'relu' || node.attributes.function === 'relu6');
}

/** Visits each node with the bounds of its first input, if it is a ReLU, and with its own. */
async function overPreActivations(
  network: Network,
  box: InputBox,
  visit: (node: Node, before: Bounds | undefined, after: Bounds) => Promise<void>,
  job: Job,
): Promise<void> {
  const kept = new Map<string, Bounds>();
  const relus = new Set(network.nodes.flatMap((node) => (isRelu(node) ? node.inputs : [])));
  // bounds live until their last reader has been visited, and the ReLU is a reader
  await intervalBounds(network, box, async (node, bounds) => {
    if (relus.has(node.id)) kept.set(node.id, bounds);
    await visit(node, isRelu(node) ? kept.get(node.inputs[0]) : undefined, bounds);
  }, job);
}

interface Range {
  readonly lower: number;
  readonly upper: number;
}

/** Per feature, the least lower and the greatest upper bound of its values. */
async function channelRange(bounds: Bounds, { axis, group }: FeatureMap): Promise<Range[]> {
  if ('unknown' in bounds) return Array.from(group, () => ({ lower: -Infinity, upper: Infinity }));
  const [lower, upper] = [await bounds.lower.data(), await bounds.upper.data()];
  const inner = bounds.lower.shape.slice(axis + 2).reduce((product, size) => product * size, 1);
  const ranges = Array.from(group, () => ({ lower: Infinity, upper: -Infinity }));
  for (let at = 0; at < lower.length; at++) {
    const range = ranges[Math.floor(at / inner) % group.length];
    range.lower = Math.min(range.lower, lower[at]);
    range.upper = Math.max(range.upper, upper[at]);
  }
  return ranges;
}

async function sharesAbove(bounds: Bounds, features: FeatureMap): Promise<number[]> {
  const ranges = await channelRange(bounds, features);
  return ranges.map(({ lower, upper }) => {
    if (upper <= 0) return 0;
    return Number.isFinite(upper) && lower < 0 ? upper / (upper - lower) : 1;
  });
}
