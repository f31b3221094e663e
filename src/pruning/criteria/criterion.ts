import type { Coupling } from '../../network/coupling.ts';
import type { Network } from '../../network/network.ts';
import type { ConsumerLayer } from '../consumerLayers.ts';
import type { LayerMeasures } from '../statisticsStore.ts';

/** What a rule that needs no further run of the network scores from. */
export interface CriterionInput {
  readonly network: Network;
  readonly coupled: Coupling;
  readonly layers: readonly ConsumerLayer[];
  /** Empty maps for a rule that reads weights alone. */
  readonly measures: LayerMeasures;
  /** The compensation that will follow, for rules that look ahead to it. */
  readonly fit: 'scale' | 'leastSquares';
  readonly seed: number;
}

/** Group name → a score for each channel, greater stays; every group that may be cut has one. */
export type GroupScoreMap = ReadonlyMap<string, Float64Array>;

export type Criterion = (input: CriterionInput) => GroupScoreMap;
