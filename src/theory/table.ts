import type { Job } from '../engine/job.ts';
import { correlation } from './correlation.ts';
import { lipschitz } from './lipschitz.ts';
import { localGlobal } from './localGlobal.ts';
import { noise } from './noise.ts';
import { orderGap } from './orderGap.ts';
import type { TheoryExperiment, TheoryResult } from './results.ts';
import { scoringCost } from './scoringCost.ts';
import { stability } from './stability.ts';
import type { TheoryInput } from './theoryInput.ts';

/**
 * Runs one of the theory experiments.
 *
 * @throws CancelledError, DeviceLostError, InputShapeError, NothingToPruneError
 */
export function runTheory(experiment: TheoryExperiment, input: TheoryInput, job: Job = {}): Promise<TheoryResult> {
  switch (experiment) {
    case 'localGlobal':
      return localGlobal(input, job);
    case 'lipschitz':
      return lipschitz(input, job);
    case 'orderGap':
      return orderGap(input, job);
    case 'noise':
      return noise(input, job);
    case 'correlation':
      return correlation(input, job);
    case 'stability':
      return stability(input, job);
    case 'scoringCost':
      return scoringCost(input, job);
  }
}
