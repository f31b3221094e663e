import { describe, expect, it } from 'vitest';
import { subsetFidelity } from '../fidelity/subsetFidelity.ts';
import { networkBuilder, residualNetwork } from '../network/fixtures/networks.ts';
import { groupConsumers } from './groupConsumers.ts';
import { randomStatistics } from './fixtures/randomStatistics.ts';
import { groupCurve } from './groupFidelity.ts';
import { groupOrder, groupSets } from './groupSelection.ts';

const { layers, measures } = randomStatistics(residualNetwork());
const CHANNELS = 6;

/** The sum over the stem's three consumers of their fidelity. */
function value(set: readonly number[], fit: 'scale' | 'leastSquares'): number {
  return groupConsumers('stem', layers, measures)
    .map(({ statistics, inputsOf, others }) => subsetFidelity(statistics, [...others, ...set.flatMap((i) => [...inputsOf[i]])], fit))
    .reduce((sum, fidelity) => sum + fidelity, 0);
}

function everySubset(k: number): number[][] {
  return Array.from({ length: 1 << CHANNELS }, (_, mask) => Array.from({ length: CHANNELS }, (__, i) => i).filter((i) => (mask >> i) & 1)).filter((set) => set.length === k);
}

describe.each(['scale', 'leastSquares'] as const)('a residual stream with three consumers, under %s,', (fit) => {
  it('is searched on the sum of their fidelities', () => {
    expect(groupConsumers('stem', layers, measures)).toHaveLength(3);
    const [greedy, backward] = (['greedy', 'backward'] as const).map((rule) => groupOrder('stem', layers, measures, { rule, fit }));
    for (let k = 0; k < CHANNELS; k++) {
      const added = greedy.slice(0, k);
      for (const other of greedy.slice(k + 1)) expect(value([...added, greedy[k]], fit)).toBeGreaterThanOrEqual(value([...added, other], fit) - 1e-8);
      const left = backward.slice(0, k + 1);
      for (const other of left) expect(value(left.filter((i) => i !== backward[k]), fit)).toBeGreaterThanOrEqual(value(left.filter((i) => i !== other), fit) - 1e-8);
    }
  });

  it('has for every k the best set there is', () => {
    const { sets, optimal, order } = groupSets('stem', layers, measures, fit);
    expect(optimal).toBe(true);
    sets.forEach((set, k) => expect(value(set, fit)).toBeCloseTo(Math.max(...everySubset(k + 1).map((other) => value(other, fit))), 8));
    expect([...order].sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5]);
  });

  it('is searched for one consumer where the others have no weight', () => {
    const [first, ...rest] = layers.filter(({ inputs }) => inputs.groups.some(({ name }) => name === 'stem'));
    const weights = new Map(rest.map(({ id }) => [id, 0]));
    const rule = { rule: 'backward', fit } as const;
    expect(groupOrder('stem', layers, measures, { ...rule, weights })).toEqual(groupOrder('stem', [first], measures, rule));
  });
});

it('beyond 24 channels the sets are the better of greedy and backward at each k', () => {
  const b = networkBuilder(1);
  const stem = b.activation('stem_relu', b.conv('stem', b.input('input', [6, 6, 3]), [3, 3], 3, 26), 'relu');
  const wide = randomStatistics(b.build('wide', b.dense('logits', b.globalPool('pool', b.conv('next', stem, [2, 2], 26, 3)), 3, 2)), 400);
  const { sets, optimal } = groupSets('stem', wide.layers, wide.measures, 'scale');
  expect(optimal).toBe(false);
  const curves = (['greedy', 'backward'] as const).map((rule) => groupCurve('stem', groupOrder('stem', wide.layers, wide.measures, { rule, fit: 'scale' }), wide.layers, wide.measures, 'scale'));
  sets.forEach((set, k) => {
    expect(set).toHaveLength(k + 1);
    const own = groupCurve('stem', set, wide.layers, wide.measures, 'scale')[k];
    expect(own).toBeCloseTo(Math.max(curves[0][k], curves[1][k]), 9);
  });
});

it('a group that nothing is known of has no order and no sets', () => {
  expect(groupOrder('nothing', layers, measures, { rule: 'greedy', fit: 'scale' })).toEqual([]);
  expect(groupSets('nothing', layers, measures, 'scale')).toEqual({ sets: [], optimal: false, order: [] });
});
