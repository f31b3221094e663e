import { groupOrder } from '../groupSelection.ts';
import type { Criterion } from './criterion.ts';
import { scoreByOrder } from './groupScoreMap.ts';

/**
 * Forward greedy on subset fidelity: from nothing on, the channel that raises the group's fidelity
 * most, under the compensation that will follow. A group without a consumer that has a Gram keeps its
 * singleton scores.
 */
export const greedy: Criterion = (input) =>
  scoreByOrder(input, ({ name }) => groupOrder(name, input.layers, input.measures, { rule: 'greedy', fit: input.fit }));
