import { describe, expect, it } from 'vitest';
import { bestChannels, hifiSet, reachingCount } from './hifiSet.ts';
import { hifiShares, paperSentence, shareOverAll, sharesCsv, sharesTable, sharesTitle, type NamedCurve } from './hifiShares.ts';

const group = (name: string, curve: readonly number[], channels = curve.length): NamedCurve => ({ name, label: name.toUpperCase(), curve, channels });
const GROUPS = [group('a', [0.5, 0.8, 0.95, 1]), group('b', [0.9, 0.95, 0.97, 0.98, 0.99, 0.995, 0.996, 0.997, 0.998, 1]), group('wide', [], 700)];

describe('the (k, η)-HiFi set', () => {
  it('is the least k that reaches η, also where it reaches it exactly', () => {
    expect(reachingCount([0.5, 0.8, 0.95], 0.8)).toBe(2);
    expect(reachingCount([0.5, 0.8, 0.95], 0.81)).toBe(3);
    expect(reachingCount([0.5, 0.8, 0.95], 0.96)).toBeUndefined();
    expect(reachingCount([], 0.5)).toBeUndefined();
  });
  it('holds the channels of greatest score, of equals the first', () => {
    expect(bestChannels([0.1, 0.7, 0.3, 0.7], 3)).toEqual([1, 3, 2]);
    expect(hifiSet({ scores: [0.1, 0.7, 0.3], curve: [0.7, 0.9, 1] }, 0.8)).toEqual([1, 2]);
  });
  it('is the rule’s own set where its sets are not nested', () => {
    expect(hifiSet({ scores: [3, 2, 1], curve: [0.7, 0.9, 1], sets: [[0], [1, 2], [0, 1, 2]] }, 0.8)).toEqual([1, 2]);
  });
  it('is not there where the curve does not reach η, or there is none', () => {
    expect(hifiSet({ scores: [3, 2, 1], curve: [0.1, 0.2, 0.3] }, 0.8)).toBeUndefined();
    expect(hifiSet({ scores: [3, 2, 1] }, 0.8)).toBeUndefined();
  });
});

describe('the share of channels that reaches η', () => {
  const shares = hifiShares(GROUPS, 0.96);
  it('is known of every group that has a curve', () => {
    expect(shares).toEqual([
      { name: 'a', label: 'A', channels: 4, atPaper: 2, atEta: 4 },
      { name: 'b', label: 'B', channels: 10, atPaper: 1, atEta: 3 },
    ]);
    expect(shareOverAll(shares, 'atPaper')).toBeCloseTo(3 / 14);
    expect(shareOverAll(hifiShares([group('c', [0.1, 0.7])], 0.5), 'atPaper')).toBeUndefined();
  });
  it('gives the title its greatest', () => {
    expect(sharesTitle(hifiShares(GROUPS, 0.8), 0.8)).toBe('All 2 groups reach η = 0.8 with at most 50 % of their channels');
    expect(sharesTitle(hifiShares([GROUPS[0], group('c', [0.1, 0.7])], 0.8), 0.8)).toBe('1 of 2 groups does not reach η = 0.8');
    expect(sharesTitle(hifiShares([GROUPS[1]], 0.8), 0.8)).toBe('The only group reaches η = 0.8 with at most 10 % of its channels');
    expect(sharesTitle([], 0.8)).toBe('No group has a fidelity curve');
  });
  it('stands beside the paper’s', () => {
    expect(paperSentence(shares)).toBe('The paper finds under 20 % enough for η = 0.8 in all of its models; here that holds for 1 of 2 groups, 21 % over all layers.');
  });
  it('goes into a table and a file, with the chosen η where it is another', () => {
    expect(sharesTable(shares, 0.96)).toEqual({
      header: ['group', 'channels', 'k at η = 0.8', 'share', 'k at η = 0.96', 'share at η = 0.96'],
      rows: [['A', 4, 2, '50 %', 4, '100 %'], ['B', 10, 1, '10 %', 3, '30 %'], ['over all layers', 14, 3, '21 %', 7, '50 %']],
    });
    expect(sharesTable(hifiShares(GROUPS, 0.8), 0.8).header).toEqual(['group', 'channels', 'k at η = 0.8', 'share']);
    expect(sharesCsv(shares, 0.96)).toBe('group,channels,k_at_0.8,share_at_0.8,k_at_0.96,share_at_0.96\r\na,4,2,0.5,4,1\r\nb,10,1,0.1,3,0.3\r\n');
    expect(sharesCsv(hifiShares([group('c', [0.1, 0.7])], 0.8), 0.8)).toBe('group,channels,k_at_0.8,share_at_0.8\r\nc,2,,\r\n');
  });
});
