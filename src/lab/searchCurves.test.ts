import { describe, expect, it } from 'vitest';
import type { GroupDetail, GroupFidelity } from '../workers/protocol.ts';
import { curvesTable, reaches, reachSentence, searchCurves } from './searchCurves.ts';

const FIDELITY: GroupFidelity = { name: 'g', singleton: [3, 2, 1], curves: { scale: [0.5, 0.7, 1], leastSquares: [] } };
const DETAIL: GroupDetail = {
  name: 'g',
  band: { low: [0.1, 0.3, 1], median: [0.2, 0.4, 1], high: [0.4, 0.6, 1], best: [0.5, 0.75, 1], permutations: 200 },
  greedy: [0.5, 0.85, 1],
  backward: [0.4, 0.86, 1],
  exact: [0.5, 0.86, 1],
  optimal: true,
};

describe('the curves of a group', () => {
  it('are those that are known, the better searches first', () => {
    expect(searchCurves(FIDELITY, undefined).map(({ label }) => label)).toEqual(['singleton + scale']);
    expect(searchCurves(FIDELITY, DETAIL).map(({ key }) => key)).toEqual(['exact', 'greedy', 'backward', 'scale', 'best', 'median']);
    expect(searchCurves(FIDELITY, { ...DETAIL, optimal: false })[0].label).toBe('best found');
    expect(searchCurves(FIDELITY, DETAIL, { label: 'L1 + scale', curve: [0.1, 0.2, 1] })[0]).toEqual({ key: 'method', label: 'L1 + scale', short: 'L1 + scale', curve: [0.1, 0.2, 1] });
    expect(searchCurves({ ...FIDELITY, curves: { scale: [], leastSquares: [] } }, undefined)).toEqual([]);
  });
  it('say how many channels each needs for η', () => {
    const found = reaches(searchCurves(FIDELITY, DETAIL), 0.8);
    expect(found.map(({ k }) => k)).toEqual([2, 2, 2, 3, 3, 3]);
    expect(reachSentence(found.slice(1, 4), 0.8)).toBe('η = 0.8 with: greedy 2, backward 2, singleton 3');
    expect(reachSentence(reaches(searchCurves({ ...FIDELITY, curves: { scale: [0.1, 0.2, 0.7], leastSquares: [] } }, undefined), 0.8), 0.8)).toBe('η = 0.8 with: singleton never');
  });
  it('stand in a table with the band of random subsets', () => {
    const { header, rows } = curvesTable(searchCurves(FIDELITY, DETAIL), DETAIL);
    expect(header).toEqual(['k', 'exact', 'greedy', 'backward', 'singleton + scale', 'best of 200 random', 'random median', 'random 5 %', 'random 95 %']);
    expect(rows).toHaveLength(3);
    expect(rows[1]).toEqual([2, '0.8600', '0.8500', '0.8600', '0.7000', '0.7500', '0.4000', '0.3000', '0.6000']);
  });
});
