import { orderByScore } from '../fidelity/selection/topK.ts';
import type { Pins } from '../pruning/pruneRequest.ts';

/** A channel that is pinned already is given back to the selection; another is pinned to `keep`. */
export function pinChannel(pins: Pins, group: string, channel: number, keep: boolean): Pins {
  const { [channel]: pinned, ...others } = pins[group] ?? {};
  const channels = pinned === undefined ? { ...others, [channel]: keep } : others;
  return withGroup(pins, group, channels);
}

/** Pins every channel of the group: its `width` best kept, the others cut. */
export function pinWidth(pins: Pins, group: string, scores: ArrayLike<number>, width: number): Pins {
  const least = Math.min(scores.length, Math.max(1, Math.round(width)));
  return withGroup(pins, group, Object.fromEntries(orderByScore(scores).map((channel, rank) => [channel, rank < least])));
}

export function pinnedCount(pins: Pins, group?: string): number {
  const groups = group === undefined ? Object.values(pins) : [pins[group] ?? {}];
  return groups.reduce((sum, channels) => sum + Object.keys(channels).length, 0);
}

function withGroup(pins: Pins, group: string, channels: Readonly<Record<number, boolean>>): Pins {
  const { [group]: _, ...others } = pins;
  return Object.keys(channels).length > 0 ? { ...others, [group]: channels } : others;
}
