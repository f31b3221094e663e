import type { InputBox } from '../engine/criteria/intervalBounds.ts';
import type { ImageSource } from '../engine/imageSource.ts';
import type { Job } from '../engine/job.ts';
import type { Correlator } from '../engine/kernels/correlator.ts';
import type { Network } from '../network/network.ts';
import type { TheoryResult } from './results.ts';

/** What every theory experiment is given. */
export interface TheoryInput {
  readonly network: Network;
  /** Pictures that statistics are gathered on. */
  readonly calibration: ImageSource;
  /** Class of each of `calibration`, for the cost of rules that need one; nothing else looks at it. */
  readonly calibrationLabels?: ArrayLike<number>;
  /** As in `NetworkCriterionInput`, for the cost of rules that need it. */
  readonly inputBox?: InputBox;
  /**
   * Another sample of the pictures that `calibration` was drawn from: this many, or all where there are
   * fewer, chosen by `seed`.
   */
  readonly draw: (images: number, seed: number) => ImageSource;
  /** Pictures that accuracy is measured on. */
  readonly test: ImageSource;
  /** Class of each of `test`, in its order. Absent: agreement with the intact network takes accuracy's place. */
  readonly testLabels?: ArrayLike<number>;
  /** The calibration kernel of the wasm backend. */
  readonly correlator: Correlator | undefined;
  /** Of everything that is drawn. */
  readonly seed: number;
}

/**
 * One experiment. Reports progress in units of its own and stops within a batch when it is cancelled.
 *
 * @throws CancelledError, DeviceLostError, InputShapeError
 */
export type Experiment<E extends TheoryResult['experiment']> = (
  input: TheoryInput,
  job?: Job,
) => Promise<Extract<TheoryResult, { experiment: E }>>;
