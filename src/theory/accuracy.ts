import { predictedClasses, shareEqual } from '../engine/evaluate.ts';
import type { Job } from '../engine/job.ts';
import type { Network } from '../network/network.ts';
import type { TheoryInput } from './theoryInput.ts';

/** What top-1 classes of the test images are compared with. */
export interface Judge {
  /** The labels, or the intact network's own top-1 classes where there are none: of a text one for each token. */
  readonly expected: ArrayLike<number>;
  /** Accuracy of the intact network; 1 where it is its own judge. */
  readonly intact: number;
}

/** Runs the test images through the intact network. */
export async function judgeOf({ network, test, testLabels }: TheoryInput, job: Job): Promise<Judge> {
  const classes = await predictedClasses(network, test, job);
  const expected = testLabels ?? classes;
  return { expected, intact: shareEqual(classes, expected) };
}

/** Accuracy (agreement where unlabelled) of a network on the test images, in [0, 1]. */
export async function accuracyOf(network: Network, { test }: TheoryInput, { expected }: Judge, job: Job): Promise<number> {
  return shareEqual(await predictedClasses(network, test, job), expected);
}
