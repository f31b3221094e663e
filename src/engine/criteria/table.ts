import { SELECTION_RULES, type Selection } from '../../pruning/selections.ts';
import { coar } from './coar.ts';
import { hrank } from './hrank.ts';
import { llmPruner } from './llmPruner.ts';
import type { NetworkCriterion } from './networkCriterion.ts';
import { nisp } from './nisp.ts';
import { nonlinear } from './nonlinear.ts';
import { stableRelu } from './stableRelu.ts';
import { synflow } from './synflow.ts';
import { taylor } from './taylor.ts';

/** The rules that are scored by running the network (`SELECTION_RULES[…].scoredBy`). */
export type NetworkSelection = 'synflow' | 'nisp' | 'nonlinear' | 'hrank' | 'coar' | 'stableRelu' | 'taylor' | 'llmPruner';

export const NETWORK_CRITERIA: Readonly<Record<NetworkSelection, NetworkCriterion>> = {
  synflow, nisp, nonlinear, hrank, coar, stableRelu, taylor, llmPruner,
};

/** @throws NotANetworkCriterionError for a rule that is scored otherwise */
export function networkCriterion(select: Selection): NetworkCriterion {
  if (!Object.hasOwn(NETWORK_CRITERIA, select)) throw new NotANetworkCriterionError(select);
  return NETWORK_CRITERIA[select as NetworkSelection];
}

export class NotANetworkCriterionError extends Error {
  override readonly name = 'NotANetworkCriterionError';
  constructor(select: Selection) {
    super(`“${SELECTION_RULES[select].label}” is scored from ${SELECTION_RULES[select].scoredBy}, not by running the network.`);
  }
}
