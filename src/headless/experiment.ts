import type { Job } from '../engine/job.ts';
import { renormalise } from '../engine/renorm.ts';
import { pruneSequentially } from '../engine/sequential.ts';
import { costModel } from '../network/costModel.ts';
import { totalCost } from '../network/totalCost.ts';
import { networkCosts } from '../network/costs.ts';
import type { Network } from '../network/network.ts';
import type { PrunePlan } from '../network/prunePlan.ts';
import { prune } from '../network/surgery.ts';
import { keepSets, prunableGroups } from '../pruning/keepSets.ts';
import type { Change } from '../pruning/change.ts';
import { oneShotPlan } from '../pruning/oneShotPlan.ts';
import type { PruneRequest } from '../pruning/pruneRequest.ts';
import { ruledWidth } from '../pruning/widthRules.ts';
import type { Subject } from '../pruning/subject.ts';
import type { Evidence } from './evidence.ts';

export class UnreachableTargetError extends Error {
  override readonly name = 'UnreachableTargetError';
}

export interface Pruned {
  readonly network: Network;
  readonly plan: PrunePlan;
  readonly macs: Change;
  readonly params: Change;
  /** Milliseconds of each phase. */
  readonly milliseconds: { readonly calibrate: number; readonly select: number; readonly compensate: number; readonly surgery: number };
}

/**
 * From pictures to a smaller network, as `request` asks. What the evidence does not hold yet is
 * measured first, and counts as selection.
 *
 * @throws UnreachableTargetError where even the least widths that the rules allow cost more than the target
 */
export async function pruneAsRequested(
  evidence: Evidence,
  request: PruneRequest,
  jobFor: (step: string) => Job = () => ({}),
): Promise<Pruned> {
  const { subject, images, correlator } = evidence;
  const { network, coupled, layers } = subject;
  const { compensate, order, renorm, rules, target } = request;
  assertReachable(subject, request);
  const clock = stopwatch();
  const measures = await evidence.measures(jobFor('calibrate'));
  const calibrate = clock();
  const rankings = await evidence.rankings(request, jobFor('score'));
  const allocation = await evidence.allocation(request, jobFor('slopes'));
  const time = target.kind === 'latency' ? await evidence.time(jobFor('time')) : undefined;
  const keep = keepSets(target, rankings, costModel(network, coupled), { rules, allocation, time });
  const select = clock();
  const compensated =
    order === 'sequential'
      ? await pruneSequentially(network, keep, compensate, images, correlator, jobFor('compensate'))
      : oneShotPlan(layers, measures.statistics, keep, compensate);
  const plan = renorm ? await renormalise(network, compensated, images, jobFor('norms')) : compensated;
  const milliseconds = { calibrate, select, compensate: clock() };
  const smaller = prune(network, plan);
  const surgery = clock();
  const [before, after] = [networkCosts(network), networkCosts(smaller)];
  return {
    network: smaller,
    plan,
    macs: { before: before.macs, after: after.macs },
    params: { before: before.parameters, after: after.parameters },
    milliseconds: { ...milliseconds, surgery },
  };
}

/**
 * Fails early where no plan can meet the target.
 *
 * @throws UnreachableTargetError where even the least widths that the rules allow cost more
 */
export function assertReachable({ network, coupled }: Subject, { target: { kind, value }, rules }: Pick<PruneRequest, 'target' | 'rules'>): void {
  if (kind !== 'macs' && kind !== 'params') return;
  const costs = costModel(network, coupled);
  const cost = kind === 'macs' ? 'macs' : 'parameters';
  const least = Object.fromEntries(prunableGroups(coupled.groups).map(({ name, channels }) => [name, ruledWidth(name, channels, 0, rules)]));
  const share = totalCost(costs, least)[cost] / totalCost(costs, {})[cost];
  if (share > value) {
    throw new UnreachableTargetError(
      `${kind}=${value} cannot be reached: the least widths that the rules allow already take ${(100 * share).toFixed(2)} % of the ${kind}.`,
    );
  }
}

/** Each call returns the milliseconds since the last. */
export function stopwatch(): () => number {
  let last = performance.now();
  return () => {
    const now = performance.now();
    const passed = now - last;
    last = now;
    return Math.round(passed * 10) / 10;
  };
}
