import type { Job } from '../engine/job.ts';
import { pruneSequentially } from '../engine/sequential.ts';
import { costModel } from '../network/costModel.ts';
import { networkCosts } from '../network/costs.ts';
import { prune } from '../network/surgery.ts';
import { keepSets } from '../pruning/keepSets.ts';
import { oneShotPlan } from '../pruning/oneShotPlan.ts';
import { accuracyOf, judgeOf } from './accuracy.ts';
import { Phases } from './phases.ts';
import type { OrderGap } from './results.ts';
import { measuresOf } from '../engine/calibrate.ts';
import { subjectOf } from '../pruning/subject.ts';
import { singletonRankings } from './singletonRankings.ts';
import type { TheoryInput } from './theoryInput.ts';

/** Shares of the MACs that are kept. */
export const ORDER_TARGETS = [0.9, 0.75, 0.6, 0.476, 0.35, 0.25] as const;

/**
 * One-shot against sequential: the same channels (singleton fidelity, one keep fraction for all groups)
 * refitted by least squares, once from the intact network's statistics and once layer after layer
 * behind the already pruned ones.
 */
export async function orderGap(input: TheoryInput, job: Job = {}, targets: readonly number[] = ORDER_TARGETS): Promise<OrderGap> {
  const { network, calibration, test, correlator } = input;
  const subject = subjectOf(network);
  // in forward passes of an image: statistics cost about two, the sequential pass about four
  const phases = new Phases(job, test.count + 2 * calibration.count + targets.length * (4 * calibration.count + 2 * test.count));
  const judge = await judgeOf(input, phases.next(test.count));
  const measures = await measuresOf(subject, calibration, correlator, phases.next(2 * calibration.count));
  const rankings = singletonRankings(subject, measures);
  const costs = costModel(network, subject.coupled);
  const points: OrderGap['points'][number][] = [];
  for (const target of targets) {
    const keep = keepSets({ kind: 'macs', value: target }, rankings, costs);
    const oneShot = prune(network, oneShotPlan(subject.layers, measures.statistics, keep, 'leastSquares'));
    const plan = await pruneSequentially(network, keep, 'leastSquares', calibration, correlator, phases.next(4 * calibration.count));
    points.push({
      target,
      macs: networkCosts(oneShot).macs,
      oneShot: await accuracyOf(oneShot, input, judge, phases.next(test.count)),
      sequential: await accuracyOf(prune(network, plan), input, judge, phases.next(test.count)),
    });
  }
  return { experiment: 'orderGap', images: test.count, points };
}
