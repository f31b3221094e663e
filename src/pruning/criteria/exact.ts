import { groupCurve } from '../groupFidelity.ts';
import { groupOrder } from '../groupSelection.ts';
import type { Criterion } from './criterion.ts';
import { scoreByOrder } from './groupScoreMap.ts';

/**
 * Scores that stand for the best sets where one order must do: sets of greatest fidelity do not nest,
 * so each group takes the better of its greedy and its backward order, by the mean of their curves
 * over all k. The exact sets themselves are found for one k at a time.
 */
export const exact: Criterion = (input) =>
  scoreByOrder(input, ({ name }) => {
    const { layers, measures, fit } = input;
    const orders = (['greedy', 'backward'] as const).map((rule) => groupOrder(name, layers, measures, { rule, fit }));
    const [forwards, backwards] = orders.map((order) => total(groupCurve(name, order, layers, measures, fit)));
    return forwards >= backwards ? orders[0] : orders[1];
  });

function total(curve: Float64Array): number {
  return curve.reduce((sum, fidelity) => sum + fidelity, 0);
}
