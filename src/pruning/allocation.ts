import { leastCountReaching } from '../fidelity/leastCount.ts';
import type { Compensation } from './pruneRequest.ts';
import { nextWidth, ruledWidth, type WidthRules } from './widthRules.ts';

/** What the widths of one group are weighed by. */
export interface AllocatedGroup {
  readonly name: string;
  readonly channels: number;
  /** FS of the best k, k = 1..channels; needed by `eta`. Empty where no layer tells: the group stays whole. */
  readonly curve?: ArrayLike<number>;
  /** `E‖Y − Ŷ‖²` of the best k, k = 1..channels; needed by `theory`. Empty likewise. */
  readonly error?: ArrayLike<number>;
}

/** How a cost is shared out among the groups (`PruneRequest.allocate`), with what it needs. */
export type AllocationRule =
  | { readonly kind: 'uniform' }
  | { readonly kind: 'eta' }
  | { readonly kind: 'theory'; readonly slopes: Slopes };

/**
 * `C_l` of Theorem 3.1 by group, at the widths where it was measured: output error per local error
 * when that group alone is cut to `kept` channels. Ascending in `kept`.
 */
export type Slopes = Readonly<Record<string, readonly { readonly kept: number; readonly slope: number }[]>>;

export const UNIFORM: AllocationRule = { kind: 'uniform' };

/** A limit on what the network may cost, in MACs, parameters or milliseconds. */
export interface Budget {
  /** The cost at some widths; a group that is absent stays whole. */
  readonly cost: (widths: Readonly<Record<string, number>>) => number;
  /** Share of the intact network's cost, in (0, 1]. */
  readonly share: number;
}

export class MissingCurveError extends Error {
  override readonly name = 'MissingCurveError';
  constructor(group: string) {
    super(`This budget needs the fidelity curve of group "${group}"; calibrate first, or choose another one.`);
  }
}

export class MissingSlopesError extends Error {
  override readonly name = 'MissingSlopesError';
  constructor(group: string) {
    super(`This allocation needs the local-to-global slope of group "${group}"; measure the slopes first, or allocate uniformly.`);
  }
}

/** A pair of local and output error, as `LocalGlobal.points` has them. */
export interface SlopePoint {
  readonly group: string;
  readonly kept: number;
  readonly local: number;
  readonly global: number;
  /** What compensated when it was measured. */
  readonly compensate: Compensation;
}

/** The slopes that were measured under the compensation, or under the one next to it. */
export function slopesOf(points: readonly SlopePoint[], compensate: Compensation): Slopes {
  const fits: readonly Compensation[] = compensate === 'none' || compensate === 'scale' ? ['scale', 'none', 'leastSquares'] : ['leastSquares', 'scale', 'none'];
  const slopes: Record<string, { kept: number; slope: number }[]> = {};
  for (const group of new Set(points.map((point) => point.group))) {
    const own = points.filter((point) => point.group === group && point.local > 0);
    const fit = fits.find((candidate) => own.some((point) => point.compensate === candidate));
    slopes[group] = own
      .filter((point) => point.compensate === fit)
      .map(({ kept, local, global }) => ({ kept, slope: global / local }))
      .sort((a, b) => a.kept - b.kept);
  }
  return slopes;
}

/**
 * Widths whose cost is at most the budget, as `rules` allow; the least widths where those cost more.
 *
 * @throws MissingCurveError, MissingSlopesError
 */
export function allocate(
  rule: AllocationRule,
  budget: Budget,
  groups: readonly AllocatedGroup[],
  rules: WidthRules,
): Record<string, number> {
  const limit = budget.cost({}) * budget.share;
  const fits = (widths: Record<string, number>) => budget.cost(widths) <= limit;
  switch (rule.kind) {
    case 'uniform':
      return spendRest(greatestThatFits((fraction) => uniformWidths(groups, fraction, rules), fits), groups, fits, rules);
    case 'eta':
      return spendRest(greatestThatFits((eta) => etaWidths(groups, eta, rules), fits), groups, fits, rules);
    case 'theory':
      return theoryWidths(rule.slopes, budget.cost, limit, groups, rules);
  }
}

/** The same keep fraction in every group. */
export function uniformWidths(groups: readonly AllocatedGroup[], fraction: number, rules: WidthRules): Record<string, number> {
  return Object.fromEntries(groups.map(({ name, channels }) => [name, ruledWidth(name, channels, Math.round(channels * fraction), rules)]));
}

/**
 * The least width of every group that reaches the fidelity (the paper's (k, η)-HiFi set).
 *
 * @throws MissingCurveError
 */
export function etaWidths(groups: readonly AllocatedGroup[], eta: number, rules: WidthRules): Record<string, number> {
  return Object.fromEntries(
    groups.map(({ name, channels, curve }) => {
      if (!curve) throw new MissingCurveError(name);
      const least = curve.length > 0 ? leastCountReaching(Float64Array.from(curve), eta) : channels;
      const whole = Math.ceil(least / rules.multiple) * rules.multiple;
      return [name, ruledWidth(name, channels, Math.min(channels, whole), rules)];
    }),
  );
}

function greatestThatFits(widthsAt: (level: number) => Record<string, number>, fits: (widths: Record<string, number>) => boolean) {
  let low = 0;
  let high = 1;
  for (let step = 0; step < 30; step++) {
    const middle = (low + high) / 2;
    if (fits(widthsAt(middle))) low = middle;
    else high = middle;
  }
  return widthsAt(fits(widthsAt(1)) ? 1 : low);
}

/** Widens group after group by one step, narrowest fraction first, while the budget holds. */
function spendRest(
  widths: Record<string, number>,
  groups: readonly AllocatedGroup[],
  fits: (widths: Record<string, number>) => boolean,
  rules: WidthRules,
): Record<string, number> {
  const byFraction = [...groups].sort((a, b) => widths[a.name] / a.channels - widths[b.name] / b.channels);
  for (const { name, channels } of byFraction) {
    const before = widths[name];
    widths[name] = nextWidth(name, channels, before, rules);
    if (!fits(widths)) widths[name] = before;
  }
  return widths;
}

/**
 * From the whole network down, always the step that costs least output error per unit of cost. A
 * group's output error is its local error times its slope, made convex (its lower hull), so that a
 * dear step with a cheap one behind it is weighed as the two together.
 */
function theoryWidths(
  slopes: Slopes,
  cost: Budget['cost'],
  limit: number,
  groups: readonly AllocatedGroup[],
  rules: WidthRules,
): Record<string, number> {
  const losses = new Map(groups.map((group) => [group.name, outputErrors(group, slopes[group.name])]));
  const widths = uniformWidths(groups, 1, rules);
  let total = cost(widths);
  while (total > limit) {
    let best: { name: string; width: number; total: number; price: number } | undefined;
    for (const { name, channels } of groups) {
      const loss = losses.get(name);
      const width = previousWidth(name, channels, widths[name], rules);
      if (!loss || width === widths[name]) continue;
      const cheaper = cost({ ...widths, [name]: width });
      const price = (loss[width] - loss[widths[name]]) / Math.max(total - cheaper, Number.MIN_VALUE);
      if (!best || price < best.price) best = { name, width, total: cheaper, price };
    }
    if (!best) break;
    widths[best.name] = best.width;
    total = best.total;
  }
  return widths;
}

/** Output error at 0..channels kept, non-increasing and convex; undefined for a group that must stay whole. */
function outputErrors({ name, channels, error }: AllocatedGroup, slopes: Slopes[string] | undefined): Float64Array | undefined {
  if (!error) throw new MissingCurveError(name);
  if (error.length === 0) return undefined;
  if (!slopes || slopes.length === 0) throw new MissingSlopesError(name);
  const loss = new Float64Array(channels + 1);
  for (let k = 1; k <= channels; k++) loss[k] = Math.max(0, error[k - 1]) * slopeAt(slopes, k);
  for (let k = channels - 1; k >= 1; k--) loss[k] = Math.max(loss[k], loss[k + 1]);
  return lowerHull(loss);
}

/** Linear between the widths where it was measured, constant beyond them. */
function slopeAt(slopes: Slopes[string], kept: number): number {
  const above = slopes.findIndex((point) => point.kept >= kept);
  if (above < 0) return slopes[slopes.length - 1].slope;
  if (above === 0) return slopes[0].slope;
  const [low, high] = [slopes[above - 1], slopes[above]];
  const at = (kept - low.kept) / (high.kept - low.kept);
  return low.slope + at * (high.slope - low.slope);
}

/** The greatest convex function below `values[1..]`; `values[0]` is not looked at. */
function lowerHull(values: Float64Array): Float64Array {
  const corners: number[] = [];
  for (let k = 1; k < values.length; k++) {
    while (corners.length > 1) {
      const [a, b] = corners.slice(-2);
      if ((values[b] - values[a]) * (k - b) < (values[k] - values[b]) * (b - a)) break;
      corners.pop();
    }
    corners.push(k);
  }
  const hull = values.slice();
  for (let at = 1; at < corners.length; at++) {
    const [a, b] = [corners[at - 1], corners[at]];
    for (let k = a + 1; k < b; k++) hull[k] = values[a] + ((values[b] - values[a]) * (k - a)) / (b - a);
  }
  return hull;
}

/** The next width below `width` that the rules allow a group; `width` itself where there is none. */
function previousWidth(name: string, channels: number, width: number, rules: WidthRules): number {
  const wanted = (Math.ceil(width / rules.multiple) - 1) * rules.multiple;
  return Math.min(width, ruledWidth(name, channels, wanted, rules));
}
