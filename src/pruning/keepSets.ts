import { totalCost, type CostModel } from '../network/costModel.ts';
import type { CouplingGroup } from '../network/couplingGroup.ts';
import type { PrunePlan } from '../network/prunePlan.ts';
import { leastCountReaching } from '../fidelity/leastCount.ts';
import { orderByScore } from '../fidelity/selection/topK.ts';
import type { BudgetTarget, Pins } from './pruneRequest.ts';

/** What a choice of channels rests on, for every group that may be cut. */
export interface Ranking {
  readonly name: string;
  readonly channels: number;
  /** Per channel, greater is kept first. */
  readonly scores: ArrayLike<number>;
  /** FS of the top-k of these scores, k = 1..channels; needed for a target of kind `eta`. */
  readonly curve?: ArrayLike<number>;
}

/**
 * Widths that meet the target: how many channels each group keeps, at least one.
 *
 * For `macs` and `params` the same keep fraction holds in every group, the greatest whose cost is
 * at most the target's share of the intact cost; what rounding leaves over is spent by widening
 * group after group, narrowest fraction first, while the target still holds.
 */
export function widthsFor(target: BudgetTarget, rankings: readonly Ranking[], costModel: CostModel): Record<string, number> {
  switch (target.kind) {
    case 'channels':
      return uniformWidths(rankings, target.value);
    case 'eta':
      return Object.fromEntries(
        rankings.map(({ name, channels, curve }) => {
          if (!curve) throw new MissingCurveError(name);
          return [name, Math.min(channels, leastCountReaching(Float64Array.from(curve), target.value))];
        }),
      );
    case 'macs':
    case 'params':
      return widthsWithinCost(target.kind, target.value, rankings, costModel);
  }
}

/**
 * The kept channel indices of every group: the widths' best scores, with hand-made pins on top.
 * Where pins leave none, the best channel that is not pinned stays, or else the best of all.
 */
export function keepSets(
  target: BudgetTarget,
  rankings: readonly Ranking[],
  costModel: CostModel,
  pins: Pins = {},
): PrunePlan['keep'] {
  const widths = widthsFor(target, rankings, costModel);
  return Object.fromEntries(
    rankings.map(({ name, scores, channels }) => {
      const order = orderByScore(scores);
      const chosen = new Set(order.slice(0, widths[name]));
      const pinned = pins[name] ?? {};
      const all = Array.from({ length: channels }, (_, i) => i);
      const kept = all.filter((i) => pinned[i] ?? chosen.has(i));
      return [name, kept.length > 0 ? kept : [order.find((i) => pinned[i] === undefined) ?? order[0]]];
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

function uniformWidths(rankings: readonly Ranking[], fraction: number): Record<string, number> {
  return Object.fromEntries(
    rankings.map(({ name, channels }) => [name, Math.min(channels, Math.max(1, Math.round(channels * fraction)))]),
  );
}

function widthsWithinCost(
  kind: 'macs' | 'params',
  share: number,
  rankings: readonly Ranking[],
  costModel: CostModel,
): Record<string, number> {
  const cost = (widths: Record<string, number>) => totalCost(costModel, widths)[kind === 'params' ? 'parameters' : 'macs'];
  const limit = cost({}) * share;
  const fits = (widths: Record<string, number>) => cost(widths) <= limit;

  let low = 0;
  let high = 1;
  for (let step = 0; step < 30; step++) {
    const middle = (low + high) / 2;
    if (fits(uniformWidths(rankings, middle))) low = middle;
    else high = middle;
  }
  const widths = uniformWidths(rankings, fits(uniformWidths(rankings, 1)) ? 1 : low);

  const byFraction = [...rankings].sort((a, b) => widths[a.name] / a.channels - widths[b.name] / b.channels);
  for (const { name, channels } of byFraction) {
    if (widths[name] >= channels) continue;
    widths[name] += 1;
    if (!fits(widths)) widths[name] -= 1;
  }
  return widths;
}
