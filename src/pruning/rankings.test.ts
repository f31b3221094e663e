import { describe, expect, it } from 'vitest';
import { nodeOfOp, residualNetwork } from '../network/fixtures/networks.ts';
import { normScores } from './criteria/filterNorms.ts';
import { groupConsumers } from './groupConsumers.ts';
import { randomGroupScores } from './criteria/random.ts';
import { CRITERIA } from './criteria/table.ts';
import { randomStatistics } from './fixtures/randomStatistics.ts';
import { channelOrder, groupCurve, groupCurves, groupScores, setCurves } from './groupFidelity.ts';
import { groupOrder, groupSets } from './groupSelection.ts';
import { prunableGroups } from './keepSets.ts';
import { subsetFidelity } from '../fidelity/subsetFidelity.ts';
import { DEFAULT_REQUEST, SELECTIONS, type PruneRequest, type Selection } from './pruneRequest.ts';
import { rankGroups, rankingsFor } from './rankings.ts';
import { SELECTION_RULES } from './selections.ts';

const { network, coupled, groups, layers, measures } = randomStatistics(residualNetwork());
const input = { network, coupled, layers, measures };
const prunable = prunableGroups(groups);

function ranked(select: Selection, rest: Partial<PruneRequest> = {}, scores?: Record<string, number[]>) {
  return rankingsFor({ ...DEFAULT_REQUEST, select, ...rest }, network, coupled, layers, measures, scores);
}

function scoresBy(select: Selection, rest: Partial<PruneRequest> = {}) {
  return Object.fromEntries(ranked(select, rest).map(({ name, scores }) => [name, scores]));
}

/** Weights of output c of a conv with six outputs. */
function filter(id: string, c: number): number[] {
  return [...nodeOfOp(network, id, 'conv2d').weights.kernel.values].filter((_, k) => k % 6 === c);
}

describe('scores', () => {
  it('of every rule that needs no run of the network are those of its criterion, for every group that may be cut', () => {
    for (const select of SELECTIONS.filter((rule) => SELECTION_RULES[rule].scoredBy !== 'network' && rule !== 'exact')) {
      const criterion = CRITERIA[select as keyof typeof CRITERIA];
      const expected = criterion({ ...input, seed: DEFAULT_REQUEST.seed, fit: 'leastSquares' });
      expect(scoresBy(select)).toEqual(Object.fromEntries(expected));
      expect(Object.keys(scoresBy(select))).toEqual(prunable.map(({ name }) => name));
    }
  }, 20_000);

  it('by norms, at random and by singletons are what they say', () => {
    expect(scoresBy('singleton')).toEqual(Object.fromEntries(groupScores(layers, measures).map(({ name, singleton }) => [name, singleton])));
    expect(scoresBy('random')).toEqual(Object.fromEntries(randomGroupScores(groups, DEFAULT_REQUEST.seed)));
    expect(scoresBy('random', { seed: 2 })).not.toEqual(scoresBy('random'));
    const stem = groups.find(({ name }) => name === 'stem');
    if (!stem) throw new Error('the fixture has a stem');
    for (let c = 0; c < 6; c++) {
      const filters = stem.producers.map((id) => filter(id, c));
      expect(filters).toHaveLength(2);
      expect(normScores(network, coupled, stem, 'l1')[c]).toBeCloseTo(filters.reduce((sum, f) => sum + f.reduce((s, w) => s + Math.abs(w), 0), 0), 5);
      expect(normScores(network, coupled, stem, 'l2')[c]).toBeCloseTo(filters.reduce((sum, f) => sum + Math.hypot(...f), 0), 5);
    }
  });

  it('of a rule that runs the network come with the request, and are asked for', () => {
    const own = Object.fromEntries(prunable.map(({ name, channels }) => [name, Array.from({ length: channels }, (_, i) => -i)]));
    for (const { name, scores } of ranked('taylor', {}, own)) expect([...(scores as Float64Array)]).toEqual(own[name]);
    expect(() => ranked('taylor')).toThrow('"taylor" is scored by running the network, and no scores came');
    expect(() => ranked('taylor', {}, { ...own, stem: [1] })).toThrow('no fitting scores of group "stem"');
  });

  it('of a search depend on the compensation that follows: scale before none, else its own fit', () => {
    for (const [compensate, fit] of [['none', 'scale'], ['scale', 'scale'], ['leastSquares', 'leastSquares'], ['leastSquaresBias', 'leastSquaresBias']] as const) {
      expect(channelOrder(scoresBy('greedy', { compensate }).stem)).toEqual(groupOrder('stem', layers, measures, { rule: 'greedy', fit }));
    }
  });
});

describe('curves', () => {
  const eta = { target: { kind: 'eta', value: 0.9 } } as const;

  it('come only where the widths need them, of the rule’s own order and under the request’s compensation', () => {
    for (const ranking of ranked('l1')) expect([ranking.curve, ranking.error]).toEqual([undefined, undefined]);
    for (const allocate of ['eta', 'theory'] as const) expect(ranked('l1', { allocate })[0].error).toHaveLength(6);
    expect(ranked('l1', { allocate: 'theory', target: { kind: 'channels', value: 0.5 } })[0].error).toBeUndefined();
    for (const compensate of ['none', 'scale', 'leastSquares', 'leastSquaresBias'] as const) {
      for (const { name, scores, curve, error } of ranked('l1', { ...eta, compensate })) {
        expect({ curve, error }).toEqual(groupCurves(name, channelOrder(scores), layers, measures, compensate));
      }
    }
  });

  it('have the error of the best k summed over consumers, and are the mean of 1 − error over energy', () => {
    for (const compensate of ['none', 'scale', 'leastSquares'] as const) {
      for (const { name, scores, curve = [], error = [] } of ranked('singleton', { ...eta, compensate })) {
        const order = channelOrder(scores);
        const consumers = groupConsumers(name, layers, measures);
        order.forEach((_, k) => {
          const fidelities = consumers.map(({ statistics, inputsOf, others }) =>
            subsetFidelity(statistics, [...others, ...order.slice(0, k + 1).flatMap((i) => [...inputsOf[i]])], compensate));
          const energies = consumers.map(({ statistics }) => statistics.energy.reduce((sum, e) => sum + e, 0));
          expect(error[k] / energies[0]).toBeCloseTo(fidelities.reduce((sum, fs, at) => sum + (1 - fs) * energies[at], 0) / energies[0], 5);
          expect(curve[k]).toBeCloseTo(fidelities.reduce((sum, fs) => sum + Math.max(0, fs), 0) / consumers.length, 5);
        });
      }
    }
  });

  it('of exact sets are those of the sets, and no lower than any order’s', () => {
    for (const { name, curve = [], sets = [], scores } of ranked('exact', eta)) {
      expect(sets.map((set) => set.length)).toEqual(sets.map((_, k) => k + 1));
      expect(sets).toEqual(groupSets(name, layers, measures, 'leastSquares').sets);
      expect(curve).toEqual(setCurves(name, sets, layers, measures, 'leastSquares').curve);
      for (const select of ['singleton', 'greedy', 'backward', 'l2'] as const) {
        const other = groupCurve(name, channelOrder(scoresBy(select)[name]), layers, measures, 'leastSquares');
        other.forEach((fs, k) => expect(curve[k]).toBeGreaterThanOrEqual(fs - 1e-6));
      }
      expect(scores).toHaveLength(sets.length);
    }
  });
});

it('groups come one after another, with pauses in a long search', () => {
  const request = { select: 'exact', compensate: 'scale', seed: 1, curves: false } as const;
  const steps = [...rankGroups(request, input)];
  expect(steps.filter((step) => step !== undefined).map(({ name }) => name)).toEqual(prunable.map(({ name }) => name));
  expect(steps.indexOf(undefined)).toBe(0);
  expect(steps.length).toBeGreaterThan(4 * prunable.length);
});

it('a group of which no consumer has a Gram has scores and empty curves', () => {
  const bare = { ...input, measures: { statistics: new Map(), contributions: new Map([['block1_conv2', Float64Array.of(1, 5, 2, 4, 3)]]) } };
  for (const select of ['greedy', 'exact', 'singleton'] as const) {
    const found = [...rankGroups({ select, compensate: 'scale', seed: 1, curves: true }, bare)].find((ranking) => ranking?.name === 'block1_conv1');
    expect(found).toMatchObject({ scores: Float64Array.of(1, 5, 2, 4, 3), curve: new Float64Array(0), error: new Float64Array(0) });
    expect(found?.sets).toBeUndefined();
  }
});
