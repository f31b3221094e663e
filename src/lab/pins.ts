import type { Pins } from '../pruning/pruneRequest.ts';

/** A channel that is pinned already is given back to the selection; another is pinned to `keep`. */
export function pinChannel(pins: Pins, group: string, channel: number, keep: boolean): Pins {
  const { [channel]: pinned, ...others } = pins[group] ?? {};
  const channels = pinned === undefined ? { ...others, [channel]: keep } : others;
  return withGroup(pins, group, channels);
}

/** The pins without those of one group. */
export function withoutGroup(pins: Pins, group: string): Pins {
  return Object.fromEntries(Object.entries(pins).filter(([name]) => name !== group));
}

export function pinnedCount(pins: Pins, group?: string): number {
  const groups = group === undefined ? Object.values(pins) : [pins[group] ?? {}];
  return groups.reduce((sum, channels) => sum + Object.keys(channels).length, 0);
}

function withGroup(pins: Pins, group: string, channels: Readonly<Record<number, boolean>>): Pins {
  const { [group]: _, ...others } = pins;
  return Object.keys(channels).length > 0 ? { ...others, [group]: channels } : others;
}
