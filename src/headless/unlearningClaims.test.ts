import { describe, expect, it } from 'vitest';
import type { Depth } from '../unlearning/depth.ts';
import type { SweptSettings, TradeOffPoint } from '../unlearning/tradeOff.ts';
import { judgeForgetting, judgeTradeOff, UNLEARNING_CLAIMS } from './claims/unlearningClaims.ts';
import { CLAIMS } from './commands/claims.ts';

const INTACT: Depth = { forget: 0.9, retain: 0.92, recoverability: 0.9 };
const judged = (...of: readonly (readonly [forget: number, retain: number])[]) =>
  judgeForgetting(of.map(([forget, retain], c) => ({ class: c, before: INTACT, after: { forget, retain, recoverability: 0.3 }, seconds: 4 + c })), 1000);

const SETTINGS: SweptSettings = { head: true, layers: 2, share: 0.05, mu: 0.3, erase: 10 };
const swept = (...of: readonly (readonly [forget: number, retain: number, recoverability: number, head: boolean])[]) => {
  const points: TradeOffPoint[] = of.map(([forget, retain, recoverability, head]) => ({ settings: { ...SETTINGS, head }, forget, retain, recoverability }));
  return judgeTradeOff({ intact: INTACT, points, best: points }, 3);
};

describe('the verdict on forgetting', () => {
  it('asks for every class at 0.5 %, and for retain within a point on the mean', () => {
    expect(judged([0.005, 0.915], [0, 0.906]).verdict).toBe('reproduces');
    expect(judged([0.006, 0.92], [0, 0.92]).verdict).toBe('partly');
    expect(judged([0, 0.905], [0, 0.905]).verdict).toBe('partly');
    expect(judged([0.02, 0.92], [0, 0.92]).verdict).toBe('does not');
    expect(judged([0, 0.88], [0, 0.92]).verdict).toBe('partly');
    expect(judged([0, 0.88]).verdict).toBe('does not');
  });

  it('says which class is worst, what is lost and what is regained', () => {
    const { brief, ours } = judged([0, 0.92], [0.004, 0.91]);
    expect(brief).toBe('forget 0.2 % on the mean, 0.4 % at worst; retain −0.5 points');
    expect(ours).toContain('at worst 0.40 %, class 1');
    expect(ours).toContain('regains 90.0 % before and 30.0 % after');
    expect(ours).toContain('5.0 s of CPU');
    expect(ours).toContain('1: 0.4 % / −1.0 / 30 %');
  });
});

describe('the verdict on the trade-off', () => {
  it('asks for a setting that forgets, keeps and halves what is regained', () => {
    expect(swept([0, 0.915, 0.44, true]).verdict).toBe('reproduces');
    expect(swept([0, 0.915, 0.46, true]).verdict).toBe('partly');
    expect(swept([0, 0.9, 0.2, true], [0.01, 0.92, 0.3, true])).toMatchObject({ verdict: 'does not', brief: 'no setting forgets and keeps' });
  });

  it('tells what is reached with the head untouched', () => {
    expect(swept([0, 0.915, 0.3, true], [0.004, 0.918, 0.4, false]).ours).toContain('40.0 % regained at forget 0.4 % and retain −0.2');
    expect(swept([0, 0.915, 0.3, true]).ours).toContain('deepest that forgets and keeps: none');
  });
});

describe('the claims about forgetting', () => {
  it('are among those that can be asked for', () => {
    expect(UNLEARNING_CLAIMS.every((claim) => CLAIMS.includes(claim))).toBe(true);
    expect(new Set(CLAIMS.map(({ id }) => id)).size).toBe(CLAIMS.length);
  });
});
