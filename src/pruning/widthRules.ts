/** What a practitioner asks of widths beside the budget. */
export interface WidthRules {
  /** Widths are multiples of this, or the whole width; 1: any. Hardware likes 8 and 16. */
  readonly multiple: number;
  /** No group keeps less than this share of its channels, in [0, 1]. */
  readonly floor: number;
  /** Coupling group → what holds for it instead of the budget. */
  readonly groups: Readonly<Record<string, GroupRule>>;
}

export type GroupRule =
  /** Stays whole. */
  | { readonly kind: 'protect' }
  /** Keeps this many channels, whatever the budget. */
  | { readonly kind: 'width'; readonly channels: number }
  /** Keeps this many channels or more. */
  | { readonly kind: 'atLeast'; readonly channels: number };

export const NO_RULES: WidthRules = { multiple: 1, floor: 0, groups: {} };

/** The multiples that are offered. */
export const MULTIPLES = [1, 4, 8, 16, 32] as const;

/**
 * How many channels a group of `channels` keeps where the budget would have it keep `wanted`: at
 * least one, at most all, as the rules say. Rounds to the nearest multiple, upward from half.
 */
export function ruledWidth(name: string, channels: number, wanted: number, { multiple, floor, groups }: WidthRules): number {
  const rule = Object.hasOwn(groups, name) ? groups[name] : undefined;
  if (rule?.kind === 'protect') return channels;
  if (rule?.kind === 'width') return clamp(Math.round(rule.channels), 1, channels);
  const least = leastWidth(channels, multiple, Math.max(floor * channels, rule?.channels ?? 1));
  return clamp(roundTo(wanted, multiple, channels), least, channels);
}

/** The next width above `width` that the rules allow a group; `width` itself where there is none. */
export function nextWidth(name: string, channels: number, width: number, rules: WidthRules): number {
  return ruledWidth(name, channels, Math.min(channels, (Math.floor(width / rules.multiple) + 1) * rules.multiple), rules);
}

function leastWidth(channels: number, multiple: number, wanted: number): number {
  // a floor of 0.07 of 100 channels is a little over 7
  const least = Math.ceil(Math.max(1, wanted - 1e-6) / multiple) * multiple;
  return Math.min(least, channels);
}

/** The multiple nearest to `wanted`, or the whole width where that is as near. */
function roundTo(wanted: number, multiple: number, channels: number): number {
  const nearest = Math.round(wanted / multiple) * multiple;
  return Math.abs(channels - wanted) <= Math.abs(nearest - wanted) ? channels : nearest;
}

function clamp(value: number, least: number, most: number): number {
  return Math.min(most, Math.max(least, value));
}
