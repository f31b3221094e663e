import { beforeEach, describe, expect, it } from 'vitest';
import { CancelledError } from '../engine/job.ts';
import { residualNetwork } from '../network/fixtures/networks.ts';
import { randomGrams, randomStatistics } from '../pruning/fixtures/randomStatistics.ts';
import { groupBand, groupScores } from '../pruning/groupFidelity.ts';
import { MissingScoresError, rankGroups } from '../pruning/rankings.ts';
import { Fidelity } from './fidelity.ts';
import type { GroupBand, GroupDetail, StatisticsMessage } from './protocol.ts';

const { network, coupled, layers, measures } = randomStatistics(residualNetwork());
let fidelity: Fidelity;

/** The worker's statistics become those of `measures`. */
async function calibrated(): Promise<Fidelity> {
  const worker = new Fidelity();
  await worker.begin(network);
  await accumulated(worker);
  return worker;
}

async function accumulated(worker: Fidelity): Promise<void> {
  const { port1, port2 } = new MessageChannel();
  const done = worker.accumulate(port2, () => {});
  const batch: StatisticsMessage = { kind: 'batch', images: 20, done: 20, total: 20, last: true, layers: randomGrams(layers, 200, 3) };
  port1.postMessage(batch);
  port1.postMessage({ kind: 'end' } satisfies StatisticsMessage);
  await done;
  port1.close();
}

beforeEach(async () => {
  fidelity = await calibrated();
});

describe('rank', () => {
  it('gives every group as the rule ranks it, with curve, error and, for exact, sets', async () => {
    for (const select of ['backward', 'exact', 'l1'] as const) {
      const request = { select, compensate: 'leastSquares', seed: 1 } as const;
      const expected = [...rankGroups({ ...request, curves: true }, { network, coupled, layers, measures })].filter((group) => group !== undefined);
      const reports: number[] = [];
      const found = await fidelity.rank(request, ({ done, total }) => reports.push(done / total));
      expect(reports).toEqual([0.25, 0.5, 0.75, 1]);
      expect(found.map(({ name }) => name)).toEqual(expected.map(({ name }) => name));
      found.forEach(({ scores, curve, error, sets }, at) => {
        expect(scores).toEqual(Array.from(expected[at].scores));
        expect(sets).toEqual(expected[at].sets);
        curve.forEach((fs, k) => expect(fs).toBeCloseTo(expected[at].curve?.[k] ?? Number.NaN, 9));
        error.forEach((value, k) => expect(value).toBeCloseTo(expected[at].error?.[k] ?? Number.NaN, 6));
        expect([curve.length, error.length]).toEqual([scores.length, scores.length]);
      });
    }
  });

  it('gives way to a later request, to new statistics, to another network and to a stop, and is answered again after', async () => {
    const request = { select: 'exact', compensate: 'scale', seed: 1 } as const;
    for (const supersede of [() => fidelity.rank({ ...request, select: 'greedy' }, () => {}), () => accumulated(fidelity), () => fidelity.begin(network), () => fidelity.stopRanking()]) {
      const stopped = expect(fidelity.rank(request, () => {})).rejects.toBeInstanceOf(CancelledError);
      await supersede();
      await stopped;
    }
    await accumulated(fidelity);
    expect(await fidelity.rank(request, () => {})).toHaveLength(4);
  });

  it('rejects where a rule that runs the network comes without scores', async () => {
    await expect(fidelity.rank({ select: 'taylor', compensate: 'none', seed: 1 }, () => {})).rejects.toBeInstanceOf(MissingScoresError);
  });
});

describe('bands', () => {
  it('stream one for each group, the seed’s, in the order of their first consumer', async () => {
    const bands: GroupBand[] = [];
    await fidelity.bands(40, 9, (band) => bands.push(band));
    expect(bands.map(({ name }) => name)).toEqual(groupScores(layers, measures).map(({ name }) => name));
    for (const { name, median, best, permutations } of bands) {
      expect(permutations).toBe(40);
      const expected = groupBand(name, layers, measures, 40, 9);
      median.forEach((value, k) => expect(value).toBeCloseTo(expected.median[k], 9));
      best.forEach((value, k) => expect(value).toBeCloseTo(expected.best[k], 9));
    }
  });

  it('let other calls in between, and give way to a later call', async () => {
    const names: string[] = [];
    let isAnswered = false;
    const first = expect(fidelity.bands(10, 1, (band) => {
      names.push(band.name);
      if (names.length === 1) setTimeout(() => void fidelity.compensate({}, 'none').then(() => (isAnswered = true)), 0);
      if (names.length === 3) expect(isAnswered).toBe(true);
    })).resolves.toBeUndefined();
    await first;
    expect(names).toHaveLength(4);
    const stopped = expect(fidelity.bands(10, 1, () => names.push('first'))).rejects.toBeInstanceOf(CancelledError);
    await fidelity.bands(10, 2, () => names.push('second'));
    await stopped;
    expect(names.slice(4)).toEqual(['first', 'second', 'second', 'second', 'second']);
  });
});

it('detail has greedy, backward and, of a small group, exact curves, none of which exceeds the exact one', async () => {
  const parts: GroupDetail[] = [];
  const { exact = [], optimal, ...others } = await fidelity.detail('stem', 3, (part) => parts.push(part));
  expect(parts).toEqual([others]);
  const { greedy, backward, band } = others;
  expect(optimal).toBe(true);
  expect([greedy.length, backward.length, exact.length, band.best.length]).toEqual([6, 6, 6, 6]);
  exact.forEach((fs, k) => {
    for (const other of [greedy[k], backward[k], band.best[k]]) expect(fs).toBeGreaterThanOrEqual(other - 1e-6);
  });
  expect(greedy[0]).toBeCloseTo(exact[0], 9);
});
