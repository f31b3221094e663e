import { totalCost, type CostModel } from '../network/totalCost.ts';
import type { CouplingGroup } from '../network/couplingGroup.ts';
import type { PrunePlan } from '../network/prunePlan.ts';
import { leastCountReaching } from '../fidelity/leastCount.ts';
import { orderByScore } from '../fidelity/selection/topK.ts';
import type { BudgetTarget, Pins } from './pruneRequest.ts';
import { NO_RULES, nextWidth, ruledWidth, type WidthRules } from './widthRules.ts';

/** What a choice of channels rests on, for every group that may be cut. */
export interface Ranking {
  readonly name: string;
  readonly channels: number;
  /** Per channel, greater is kept first. */
  readonly scores: ArrayLike<number>;
  /** FS of the top-k of these scores, k = 1..channels; needed for a target of kind `eta`. */
  readonly curve?: ArrayLike<number>;
  /** Sets of channels of each of which one must stay (`CouplingGroup.parts`). */
  readonly parts?: readonly (readonly number[])[];
}

/**
 * Widths that meet the target: how many channels each group keeps, at least one, as `rules` allow.
 *
 * For `macs` and `params` the same keep fraction holds in every group, the greatest whose cost is
 * at most the target's share of the intact cost; what rounding leaves over is spent by widening
 * group after group, narrowest fraction first, while the target still holds.
 */
export function widthsFor(
  target: BudgetTarget,
  rankings: readonly Ranking[],
  costModel: CostModel,
  rules: WidthRules = NO_RULES,
): Record<string, number> {
  switch (target.kind) {
    case 'channels':
      return uniformWidths(rankings, target.value, rules);
    case 'eta':
      return Object.fromEntries(
        rankings.map(({ name, channels, curve }) => {
          if (!curve) throw new MissingCurveError(name);
          // a group whose readers are all too wide for a curve stays whole
          const least = curve.length > 0 ? leastCountReaching(Float64Array.from(curve), target.value) : channels;
          const whole = Math.ceil(least / rules.multiple) * rules.multiple;
          return [name, ruledWidth(name, channels, Math.min(channels, whole), rules)];
        }),
      );
    case 'macs':
    case 'params':
      return widthsWithinCost(target.kind, target.value, rankings, costModel, rules);
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
  { pins = {}, rules = NO_RULES }: { readonly pins?: Pins; readonly rules?: WidthRules } = {},
): PrunePlan['keep'] {
  const widths = widthsFor(target, rankings, costModel, rules);
  return Object.fromEntries(
    rankings.map(({ name, scores, channels, parts = [] }) => {
      const order = orderByScore(scores);
      const chosen = new Set(order.slice(0, widths[name]));
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

export class MissingCurveError extends Error {
  override readonly name = 'MissingCurveError';
  constructor(group: string) {
    super(`A target η needs the fidelity curve of group "${group}"; calibrate first, or choose another target.`);
  }
}

function uniformWidths(rankings: readonly Ranking[], fraction: number, rules: WidthRules): Record<string, number> {
  return Object.fromEntries(
    rankings.map(({ name, channels }) => [name, ruledWidth(name, channels, Math.round(channels * fraction), rules)]),
  );
}

function widthsWithinCost(
  kind: 'macs' | 'params',
  share: number,
  rankings: readonly Ranking[],
  costModel: CostModel,
  rules: WidthRules,
): Record<string, number> {
  const cost = (widths: Record<string, number>) => totalCost(costModel, widths)[kind === 'params' ? 'parameters' : 'macs'];
  const limit = cost({}) * share;
  const fits = (widths: Record<string, number>) => cost(widths) <= limit;
  const uniform = (fraction: number) => uniformWidths(rankings, fraction, rules);

  let low = 0;
  let high = 1;
  for (let step = 0; step < 30; step++) {
    const middle = (low + high) / 2;
    if (fits(uniform(middle))) low = middle;
    else high = middle;
  }
  const widths = uniform(fits(uniform(1)) ? 1 : low);

  const byFraction = [...rankings].sort((a, b) => widths[a.name] / a.channels - widths[b.name] / b.channels);
  for (const { name, channels } of byFraction) {
    const before = widths[name];
    widths[name] = nextWidth(name, channels, before, rules);
    if (!fits(widths)) widths[name] = before;
  }
  return widths;
}
