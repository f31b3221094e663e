import type { CostModel } from '../network/totalCost.ts';
import type { LayerTime } from './layerChanges.ts';

/** What one run takes as a polynomial in the groups' widths, like `CostModel`. */
export interface TimeModel {
  readonly widths: CostModel['widths'];
  /** Milliseconds that no width changes: steps without MACs. */
  readonly fixed: number;
  /** Per unit width; a group that stands twice counts squared. */
  readonly terms: readonly { readonly milliseconds: number; readonly groups: readonly string[] }[];
}

/**
 * Predicts time from the measured time of every step of the intact network: a step's time falls
 * with its MACs. It is a model: a step has a floor that MACs do not move, so what is left is measured
 * again on the pruned network.
 */
export function timeModel({ widths, terms }: CostModel, steps: readonly LayerTime[]): TimeModel {
  const all = { widths, terms };
  let fixed = 0;
  const timed: TimeModel['terms'][number][] = [];
  for (const { layers, milliseconds } of steps) {
    const own = all.terms.filter(({ node, macs }) => macs > 0 && layers.includes(node));
    const macs = own.reduce((sum, term) => sum + term.macs * product(term.groups, widths), 0);
    if (macs === 0) fixed += milliseconds;
    for (const term of own) timed.push({ milliseconds: (milliseconds * term.macs) / macs, groups: term.groups });
  }
  return { widths, fixed, terms: timed };
}

/** Milliseconds at these widths; a group that is absent stays whole. */
export function totalMilliseconds({ widths: whole, fixed, terms }: TimeModel, widths: Readonly<Record<string, number>>): number {
  return terms.reduce((sum, { milliseconds, groups }) => sum + milliseconds * product(groups, { ...whole, ...widths }), fixed);
}

function product(groups: readonly string[], widths: Readonly<Record<string, number>>): number {
  return groups.reduce((all, group) => all * widths[group], 1);
}
