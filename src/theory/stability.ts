import { calibrate } from '../engine/calibrate.ts';
import { partOf } from '../engine/imageSource.ts';
import type { Job } from '../engine/job.ts';
import { pruneSequentially } from '../engine/sequential.ts';
import { largestValueBytes } from '../engine/batches.ts';
import { topK } from '../fidelity/selection/topK.ts';
import { costModel } from '../network/costModel.ts';
import type { Network } from '../network/network.ts';
import { prune } from '../network/surgery.ts';
import { keepSets, type Ranking } from '../pruning/keepSets.ts';
import { StatisticsStore } from '../pruning/statisticsStore.ts';
import { accuracyOf, judgeOf } from './accuracy.ts';
import { Phases } from './phases.ts';
import type { Stability } from './results.ts';
import { subjectOf } from '../pruning/subject.ts';
import { singletonRankings } from './singletonRankings.ts';
import type { TheoryInput } from './theoryInput.ts';

/** Share of every group's channels in the HiFi set. */
const SHARE = 0.5;

/** Share of the MACs that the networks keep. */
const TARGET = 0.476;

/** Calibration images, ascending. */
export const STABILITY_COUNTS = [16, 64, 256, 1024, 2048] as const;

/**
 * How much the HiFi sets (the half of each group's channels of greatest singleton fidelity) and the
 * network pruned by them owe to the pictures that chose them: two disjoint samples of every size, the
 * smaller ones within the larger. Sizes that two disjoint samples do not exist of are left out.
 *
 * Each network is pruned to 47.6 % of the MACs by singleton fidelity and sequential least squares on its
 * own sample; of very many large values only as many images refit as fit into memory.
 */
export async function stability(input: TheoryInput, job: Job = {}, counts: readonly number[] = STABILITY_COUNTS): Promise<Stability> {
  const { network, test, correlator, draw, seed } = input;
  const subject = subjectOf(network);
  const all = draw(2 * Math.max(...counts), seed);
  const sizes = counts.filter((count) => 2 * count <= all.count);
  const largest = Math.max(0, ...sizes);
  const most = refitImages(network);
  const refits = sizes.reduce((sum, count) => sum + Math.min(count, most), 0);
  const phases = new Phases(job, test.count + 2 * (2 * largest + 4 * refits + sizes.length * test.count));
  const judge = await judgeOf(input, phases.next(test.count));
  const costs = costModel(network, subject.coupled);
  const samples = [0, largest].map((first) => ({ first, store: new StatisticsStore(subject.layers) }));
  const results: Stability['counts'][number][] = [];
  let before = 0;
  for (const count of sizes) {
    const rankings: Ranking[][] = [];
    const accuracies: number[] = [];
    for (const { first, store } of samples) {
      const added = partOf(all, first + before, count - before);
      await calibrate(network, subject.layers, added, correlator, (batch) => store.add(batch), phases.next(2 * added.count));
      const own = singletonRankings(subject, store.measures());
      rankings.push(own);
      const keep = keepSets({ kind: 'macs', value: TARGET }, own, costs);
      const refit = partOf(all, first, Math.min(count, most));
      const plan = await pruneSequentially(network, keep, 'leastSquares', refit, correlator, phases.next(4 * refit.count));
      accuracies.push(await accuracyOf(prune(network, plan), input, judge, phases.next(test.count)));
    }
    results.push({ images: count, ...overlaps(rankings[0], rankings[1]), accuracies });
    before = count;
  }
  return { experiment: 'stability', share: SHARE, counts: results };
}

/** How far two choices of channels agree, over groups. */
export function overlaps(one: readonly Ranking[], other: readonly Ranking[]): Omit<Stability['counts'][number], 'images' | 'accuracies'> {
  const groups = one.map(({ channels, scores }, at) => {
    const kept = Math.max(1, Math.round(SHARE * channels));
    const first = new Set(topK(scores, kept));
    const common = topK(other[at].scores, kept).filter((channel) => first.has(channel)).length;
    return { overlap: common / kept, chance: kept / channels };
  });
  const mean = (of: 'overlap' | 'chance') => groups.reduce((sum, group) => sum + group[of], 0) / groups.length;
  return { overlap: mean('overlap'), leastOverlap: Math.min(...groups.map(({ overlap }) => overlap)), chance: mean('chance') };
}

/** Bytes of live values that a sequential pass may hold. */
const MOST_BYTES = 2 ** 30;

/** Images that a sequential pass may take: it holds about three values of both networks for all of them. */
function refitImages(network: Network): number {
  return Math.max(16, Math.floor(MOST_BYTES / (6 * largestValueBytes(network))));
}
