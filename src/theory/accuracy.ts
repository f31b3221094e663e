import { computeLogits, shareEqual, topClasses } from '../engine/evaluate.ts';
import type { Job } from '../engine/job.ts';
import type { Network } from '../network/network.ts';
import type { TheoryInput } from './theoryInput.ts';

/** What top-1 classes of the test images are compared with. */
export interface Judge {
  /** The labels, or the intact network's own top-1 classes where there are none. */
  readonly expected: ArrayLike<number>;
  /** Accuracy of the intact network; 1 where it is its own judge. */
  readonly intact: number;
}

/** Runs the test images through the intact network. */
export async function judgeOf({ network, test, testLabels }: TheoryInput, job: Job): Promise<Judge> {
  const classes = topClasses(await computeLogits(network, test, job));
  const expected = testLabels ?? classes;
  return { expected, intact: shareEqual(classes, expected) };
}

/** Accuracy (agreement where unlabelled) of a network on the test images, in [0, 1]. */
export async function accuracyOf(network: Network, { test }: TheoryInput, { expected }: Judge, job: Job): Promise<number> {
  return shareEqual(topClasses(await computeLogits(network, test, job)), expected);
}
