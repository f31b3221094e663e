import type { Coupling } from '../../network/coupling.ts';
import type { Network } from '../../network/network.ts';
import type { GroupScoreMap } from '../../pruning/criteria/criterion.ts';
import type { ImageSource } from '../imageSource.ts';
import type { Job } from '../job.ts';
import type { InputBox } from './intervalBounds.ts';

/** What a rule that runs the network scores from. */
export interface NetworkCriterionInput {
  readonly network: Network;
  readonly coupled: Coupling;
  /** Calibration pictures; a rule without access to data does not read them. */
  readonly images: ImageSource;
  /** Class of each picture; only for a rule with access to labels. */
  readonly labels?: ArrayLike<number>;
  readonly seed: number;
  /** What values the network may be given, for rules that bound its activations. Default: pixels from 0 to 255. */
  readonly inputBox?: InputBox;
}

/**
 * Scores for every group that may be cut, greater stays.
 *
 * @throws CancelledError, DeviceLostError, InputShapeError
 */
export type NetworkCriterion = (input: NetworkCriterionInput, job?: Job) => Promise<GroupScoreMap>;
