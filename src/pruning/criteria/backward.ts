import { groupOrder } from '../groupSelection.ts';
import type { Criterion } from './criterion.ts';
import { scoreByOrder } from './groupScoreMap.ts';

/**
 * Backward elimination on subset fidelity: from all channels on, without the one that lowers the
 * group's fidelity least, under the compensation that will follow. A group without a consumer that
 * has a Gram keeps its singleton scores.
 */
export const backward: Criterion = (input) =>
  scoreByOrder(input, ({ name }) => groupOrder(name, input.layers, input.measures, { rule: 'backward', fit: input.fit }));
