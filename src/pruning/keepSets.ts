import { totalCost, type CostModel } from '../network/totalCost.ts';
import type { CouplingGroup } from '../network/couplingGroup.ts';
import type { PrunePlan } from '../network/prunePlan.ts';
import { orderByScore } from '../fidelity/selection/topK.ts';
import { allocate, etaWidths, UNIFORM, uniformWidths, type AllocationRule } from './allocation.ts';
import type { BudgetTarget, Pins } from './pruneRequest.ts';
import { totalMilliseconds, type TimeModel } from './timedCosts.ts';
import { NO_RULES, type WidthRules } from './widthRules.ts';

/** What a choice of channels rests on, for every group that may be cut. */
export interface Ranking {
  readonly name: string;
  readonly channels: number;
  /** Per channel, greater is kept first. */
  readonly scores: ArrayLike<number>;
  /** FS of the top-k of these scores, k = 1..channels; needed for a target or an allocation by `eta`. */
  readonly curve?: ArrayLike<number>;
  /** `E‖Y − Ŷ‖²` of the top-k, summed over consumers, k = 1..channels; needed for an allocation by `theory`. */
  readonly error?: ArrayLike<number>;
  /** Of a rule whose sets are not nested: the best set of each size, k = 1..channels. */
  readonly sets?: readonly (readonly number[])[];
  /** Sets of channels of each of which one must stay (`CouplingGroup.parts`). */
  readonly parts?: readonly (readonly number[])[];
}

/**
 * Widths that meet the target: how many channels each group keeps, at least one, as `rules` allow.
 * For `macs`, `params` and `latency`, `allocation` says how the cost is shared out (`allocate`).
 *
 * @throws MissingCurveError, MissingSlopesError, MissingTimesError
 */
export function widthsFor(
  target: BudgetTarget,
  rankings: readonly Ranking[],
  costModel: CostModel,
  { rules = NO_RULES, allocation = UNIFORM, time }: WidthOptions = {},
): Record<string, number> {
  const { kind, value: share } = target;
  switch (kind) {
    case 'channels':
      return uniformWidths(rankings, share, rules);
    case 'eta':
      return etaWidths(rankings, share, rules);
    case 'macs':
      return allocate(allocation, { cost: (widths) => totalCost(costModel, widths).macs, share }, rankings, rules);
    case 'params':
      return allocate(allocation, { cost: (widths) => totalCost(costModel, widths).parameters, share }, rankings, rules);
    case 'latency':
      if (!time) throw new MissingTimesError();
      return allocate(allocation, { cost: (widths) => totalMilliseconds(time, widths), share }, rankings, rules);
  }
}

/** What stands beside target and scores. */
export interface WidthOptions {
  /** Default: none. */
  readonly rules?: WidthRules;
  /** Default: uniform. */
  readonly allocation?: AllocationRule;
  /** Needed by a target of kind `latency`. */
  readonly time?: TimeModel;
}

export class MissingTimesError extends Error {
  override readonly name = 'MissingTimesError';
  constructor() {
    super('A target in milliseconds needs the measured time of every layer; time the layers first, or choose another target.');
  }
}

/**
 * The kept channel indices of every group: the widths' best scores, with hand-made pins on top.
 * Where pins leave none, the best channel that is not pinned stays, or else the best of all; likewise
 * for each of a group's parts.
 */
export function keepSets(
  target: BudgetTarget,
  rankings: readonly Ranking[],
  costModel: CostModel,
  { pins = {}, ...options }: WidthOptions & { readonly pins?: Pins } = {},
): PrunePlan['keep'] {
  const widths = widthsFor(target, rankings, costModel, options);
  return Object.fromEntries(
    rankings.map(({ name, scores, sets, channels, parts = [] }) => {
      const order = orderByScore(scores);
      const chosen = new Set(sets?.[widths[name] - 1] ?? order.slice(0, widths[name]));
      const pinned = pins[name] ?? {};
      const all = Array.from({ length: channels }, (_, i) => i);
      const kept = new Set(all.filter((i) => pinned[i] ?? chosen.has(i)));
      for (const part of [all, ...parts]) {
        if (part.some((i) => kept.has(i))) continue;
        const own = order.filter((i) => part.includes(i));
        kept.add(own.find((i) => pinned[i] === undefined) ?? own[0]);
      }
      return [name, [...kept].sort((a, b) => a - b)];
    }),
  );
}

/** Groups that surgery may cut. */
export function prunableGroups(groups: readonly CouplingGroup[]): readonly CouplingGroup[] {
  return groups.filter((group) => group.frozen === undefined);
}
