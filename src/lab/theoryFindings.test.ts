import { describe, expect, it } from 'vitest';
import type { Correlation, Lipschitz, LocalGlobal, Noise, OrderGap, ScoringCost, Stability } from '../theory/results.ts';
import { rankCorrelation } from './rankCorrelation.ts';
import { finding } from './theoryFindings.ts';
import { readableTable, theoryCsv, theoryTable } from './theoryTables.ts';

const labelOf = (group: string) => `group ${group}`;

const cut = (group: string, kept: number, local: number, global: number) => ({ group, kept, channels: 8, compensate: 'scale' as const, local, global, relativeLocal: local / 100, relativeGlobal: global / 1000 });
const LOCAL_GLOBAL: LocalGlobal = {
  experiment: 'localGlobal',
  images: 64,
  points: [cut('a', 2, 4, 44), cut('a', 4, 2, 20), cut('a', 6, 1, 9), cut('b', 2, 1, 250), cut('b', 4, 0.5, 100), cut('b', 6, 0.1, 21)],
  slopes: [{ group: 'a', fitted: 10.8, worst: 11 }, { group: 'b', fitted: 241, worst: 250 }],
};

const norm = (node: string, greatest: number, leastDeviation = 0.5) => ({ node, greatest, median: greatest / 2, bound: 4, leastDeviation });
const lipschitz = (norms: Lipschitz['norms']): Lipschitz => ({ experiment: 'lipschitz', pairs: 100, norms });

const orderGap = (gaps: readonly number[]): OrderGap => ({ experiment: 'orderGap', images: 1000, points: gaps.map((gap, i) => ({ target: 0.75 - 0.25 * i, macs: 100, oneShot: 0.5, sequential: 0.5 + gap })) });

const noise = (points: Noise['points']): Noise => ({ experiment: 'noise', images: 1000, share: 0.2, intact: 0.91, points });

const correlated = (name: string, correlation: number, singleton: number, exact?: number) => ({ group: name, channels: 16, correlation, kept: 8, singleton, greedy: 0.9, ...(exact === undefined ? {} : { exact }) });
const correlation = (groups: Correlation['groups']): Correlation => ({ experiment: 'correlation', groups });

const drawn = (images: number, overlap: number, accuracies: readonly number[]) => ({ images, overlap, leastOverlap: overlap / 2, chance: 0.2, accuracies });
const stability = (counts: Stability['counts']): Stability => ({ experiment: 'stability', share: 0.2, counts });

const scoringCost = (rules: ScoringCost['rules']): ScoringCost => ({ experiment: 'scoringCost', images: 512, rules, skipped: [{ select: 'taylor', reason: 'it needs gradients' }] });

describe('rank correlation', () => {
  it('is that of the order alone, equal values sharing a rank', () => {
    expect(rankCorrelation([1, 2, 3, 4], [10, 100, 1000, 10_000])).toBeCloseTo(1);
    expect(rankCorrelation([1, 2, 3, 4], [4, 3, 2, 1])).toBeCloseTo(-1);
    // scipy.stats.spearmanr([1, 2, 2, 4, 5], [3, 1, 4, 4, 9]) gives 0.7632
    expect(rankCorrelation([1, 2, 2, 4, 5], [3, 1, 4, 4, 9])).toBeCloseTo(0.7632, 4);
    expect(rankCorrelation([1, 2], [1, 2])).toBeUndefined();
    expect(rankCorrelation([1, 1, 1], [1, 2, 3])).toBeUndefined();
  });
});

describe('what is found of local and output error', () => {
  it('names the range of slopes and where the steepest is', () => {
    expect(finding(LOCAL_GLOBAL, labelOf)).toEqual({
      sentence: 'The output’s error is at most 11 to 250 times the local error, greatest at group b; it rises with it in 2 of 2 groups',
      verdict: 'holds',
    });
  });
  it('does not hold in a group where the output error falls as the local one rises', () => {
    const points = LOCAL_GLOBAL.points.map((point) => (point.group === 'a' ? { ...point, global: 1 / point.local } : point));
    expect(finding({ ...LOCAL_GLOBAL, points }).verdict).toBe('partly');
    const slopes = LOCAL_GLOBAL.slopes.map((slope) => ({ ...slope, worst: Number.POSITIVE_INFINITY }));
    expect(finding({ ...LOCAL_GLOBAL, slopes }).verdict).toBe('fails');
  });
  it('goes into a file with each group’s slopes', () => {
    expect(theoryCsv(LOCAL_GLOBAL).split('\r\n').slice(0, 2)).toEqual([
      'group,kept,channels,compensated_by,local_error,relative_local_error,output_error,relative_output_error,fitted_slope_of_the_group,worst_slope_of_the_group',
      'a,2,8,scale,4,0.04,44,0.044,10.8,11',
    ]);
  });
});

describe('what is found of norm layers', () => {
  it('says how near they come to their bound, and the least deviation', () => {
    expect(finding(lipschitz([norm('bn1', 2), norm('bn2', 3, 0.0123)]))).toEqual({ sentence: 'All 2 norm layers stay within the bound, at most at 75 % of it; least deviation 0.0123, at bn2', verdict: 'holds' });
  });
  it('says which exceed it', () => {
    expect(finding(lipschitz([norm('bn1', 2), norm('bn2', 4.1)]))).toEqual({ sentence: '1 of 2 norm layers exceed what their weights allow; least deviation 0.5, at bn1', verdict: 'fails' });
  });
  it('says where there are none', () => {
    expect(finding(lipschitz([])).sentence).toBe('This network has no norm layers');
  });
});

describe('what is found of the two orders', () => {
  it('counts where sequential is ahead and by how much', () => {
    expect(finding(orderGap([0.02, 0.213]))).toEqual({ sentence: 'Sequential compensation is ahead at all 2 budgets, by 21.3 points at 50 % of the MACs', verdict: 'holds' });
    expect(finding(orderGap([-0.02, 0.01]))).toEqual({ sentence: 'Sequential compensation is ahead at 1 of 2 budgets, by 1 point at 50 % of the MACs, and behind at 1, by 2 points at 75 % of the MACs', verdict: 'partly' });
    expect(finding(orderGap([0.001, -0.02]))).toEqual({ sentence: 'Sequential compensation is ahead at none of 2 budgets, and behind at 1, by 2 points at 50 % of the MACs', verdict: 'fails' });
  });
});

describe('what is found of noise', () => {
  it('compares both where they differ most', () => {
    expect(finding(noise([{ deviation: 0.5, onHiFi: 0.9, onOthers: 0.91 }, { deviation: 1, onHiFi: 0.79, onOthers: 0.9 }]))).toEqual({
      sentence: 'Noise of 1 σ costs 12 points on the HiFi 20 %, 1 point on the others',
      verdict: 'holds',
    });
  });
  it('does not pass over where the others lose more', () => {
    expect(finding(noise([{ deviation: 0.3, onHiFi: 0.88, onOthers: 0.89 }, { deviation: 1, onHiFi: 0.55, onOthers: 0.35 }]))).toEqual({
      sentence: 'Noise of 1 σ costs 36 points on the HiFi 20 %, 56 points on the others',
      verdict: 'partly',
    });
  });
  it('fails where the others matter as much', () => {
    expect(finding(noise([{ deviation: 1, onHiFi: 0.8, onOthers: 0.8 }])).verdict).toBe('fails');
    expect(finding(noise([{ deviation: 1, onHiFi: 0.7, onOthers: 0.8 }, { deviation: 2, onHiFi: 0.5, onOthers: 0.4 }])).verdict).toBe('partly');
  });
});

describe('what is found of correlation', () => {
  it('relates it to what singleton loses to the best search', () => {
    expect(finding(correlation([correlated('a', 0.1, 0.9), correlated('b', 0.2, 0.85), correlated('c', 0.3, 0.8, 0.95)]), labelOf)).toEqual({
      sentence: 'Singleton loses more where contributions are correlated (rank correlation 1.00): at most 15 points of fidelity, at group c',
      verdict: 'holds',
    });
    expect(finding(correlation([correlated('a', 0.3, 0.9), correlated('b', 0.2, 0.85), correlated('c', 0.1, 0.8)])).verdict).toBe('fails');
    expect(finding(correlation([correlated('a', 0.3, 0.9)])).verdict).toBe('measured');
  });
  it('leaves a dash in the table where there is no exact set', () => {
    const table = theoryTable(correlation([correlated('a', 0.1234567, 0.8)]), labelOf);
    expect(readableTable(table).rows).toEqual([['group a', 16, 0.123, 8, 0.8, 0.9, '–', 0.1].map((cell) => (typeof cell === 'number' && !Number.isInteger(cell) ? String(cell) : cell))]);
    expect(theoryCsv(correlation([correlated('a', 0.1234567, 0.8)]))).toContain('a,16,0.1234567,8,0.8,0.9,,0.09999999999999998');
  });
});

describe('what is found of stability', () => {
  it('names the fewest pictures that come within a point of the most', () => {
    expect(finding(stability([drawn(2048, 0.98, [0.8, 0.81]), drawn(16, 0.7, [0.805]), drawn(32, 0.8, [0.7]), drawn(64, 0.9, [0.8, 0.8])]))).toEqual({ sentence: '64 pictures come within a point of 2,048; their sets share 90 % (chance 20 %)', verdict: 'holds' });
  });
  it('says where more pictures still help, and where overlap is no better than chance', () => {
    expect(finding(stability([drawn(16, 0.7, [0.7]), drawn(64, 0.9, [0.8])]))).toEqual({ sentence: 'Accuracy still moves by over a point up to 64 pictures, where sets share 90 % (chance 20 %)', verdict: 'partly' });
    expect(finding(stability([drawn(16, 0.1, [0.7]), drawn(64, 0.9, [0.8])])).verdict).toBe('fails');
  });
  it('gives mean and range of the seeds', () => {
    expect(theoryTable(stability([drawn(16, 0.7, [0.7, 0.8])])).rows[0].slice(4)).toEqual([0.75, 0.7, 0.8, 2]);
  });
});

describe('what is found of the cost of scoring', () => {
  it('sets singleton beside L1 and the dearest rule', () => {
    expect(finding(scoringCost([{ select: 'l1', seconds: 0.01, bytes: 0 }, { select: 'singleton', seconds: 2, bytes: 3e6 }, { select: 'coar', seconds: 90, bytes: 4e6 }]))).toEqual({
      sentence: 'Singleton takes 2.0 s and 3.00 MB, 200 times what L1 takes; COAR takes most, 2 min',
      verdict: 'measured',
    });
  });
  it('names rules as the page does', () => {
    expect(theoryCsv(scoringCost([{ select: 'l1', seconds: 0.01, bytes: 0 }]))).toBe('rule,seconds,bytes_read_beside_the_weights,not_measured\r\nL1,0.01,0,\r\nTaylor,,,it needs gradients\r\n');
  });
});
