import type { CriterionInput, GroupScoreMap } from './criterion.ts';
import { groupConsumers, type GroupConsumer } from '../groupConsumers.ts';
import { scoreByOrder } from './groupScoreMap.ts';

/** A step of a rule that takes channels out one by one. */
export interface Removal {
  readonly channel: number;
  /** What it adds to the error, by the rule's own measure. */
  readonly cost: number;
}

/**
 * `scoreByOrder` for a rule that takes channels out one by one: the last to go is the best. Consumers
 * without a Gram do not count where there is one that has a Gram.
 */
export function scoreByRemoval(
  input: CriterionInput,
  removals: (consumers: readonly GroupConsumer[], channels: number) => readonly Removal[],
): GroupScoreMap {
  return scoreByOrder(input, ({ name, channels }) =>
    removals(groupConsumers(name, input.layers, input.measures), channels).map(({ channel }) => channel).toReversed());
}
