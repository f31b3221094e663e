import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { networkBuilder } from '../network/fixtures/networks.ts';
import type { Correlation, LocalGlobal, Noise } from '../theory/results.ts';
import { points, type Claim } from './claims/claim.ts';
import { claimsMarkdown } from './claims/claimsMarkdown.ts';
import { judgeMonteCarlo, judgeRecipe, judgeShares } from './claims/pruningClaims.ts';
import {
  judgeCorrelation, judgeLipschitz, judgeNoise, judgeOrder, judgeScoring, judgeSlopes, judgeStability,
} from './claims/theoryJudges.ts';
import { CLAIMS, claimsCommand } from './commands/claims.ts';
import { writeModel } from './files.ts';

const data = new URL('../../public/data/cifar10', import.meta.url).pathname;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'claims-'));
});
afterAll(() => rm(folder, { recursive: true }));

function slopes(...of: readonly { readonly fitted: number; readonly worst: number }[]): LocalGlobal {
  const measured = of.map(({ worst }, at) =>
    ({ group: `g${at}`, kept: 1, channels: 2, compensate: 'scale' as const, local: 2, relativeLocal: 0.1, global: 2 * worst, relativeGlobal: 0.3 }));
  return { experiment: 'localGlobal', images: 8, points: measured, slopes: of.map((slope, at) => ({ group: `g${at}`, ...slope })) };
}

function noise(...levels: readonly (readonly [number, number, number])[]): Noise {
  return { experiment: 'noise', images: 100, share: 0.2, intact: 0.9, points: levels.map(([deviation, onHiFi, onOthers]) => ({ deviation, onHiFi, onOthers })) };
}

function correlated(...groups: readonly (readonly [number, number, number])[]): Correlation {
  return { experiment: 'correlation', groups: groups.map(([correlation, singleton, greedy], at) => ({ group: `g${at}`, channels: 8, correlation, kept: 4, singleton, greedy })) };
}

const NORM = { node: 'a', greatest: 1, median: 0.5, bound: 1, leastDeviation: 0.1 };
const lipschitzOf = (...norms: (typeof NORM)[]) => judgeLipschitz({ experiment: 'lipschitz', pairs: 10, norms });
const order = (...gaps: number[]) =>
  judgeOrder({ experiment: 'orderGap', images: 10, points: gaps.map((gap) => ({ target: 0.5, macs: 1, oneShot: 0.5, sequential: 0.5 + gap })) }).verdict;
const stable = (overlap: number, few: number) => judgeStability({
  experiment: 'stability', share: 0.5,
  counts: [[16, 0.1], [64, few], [512, 0.8]].map(([images, accuracy]) => ({ images, overlap, leastOverlap: 0, chance: 0.5, accuracies: [accuracy, accuracy] })),
}).verdict;
const shares = (...of: number[]) => judgeShares(of.map((share, at) => ({ group: `g${at}`, share, best: share })), 8).verdict;
const recipe = (l1: number, l1Scale: number) =>
  judgeRecipe([0.9, 0.5].map((target) => ({ target, recipe: 0.5, l1: target === 0.5 ? l1 : 0.1, l1Renorm: 0.9, l1Scale })), 8).verdict;
const scoring = (seconds: number) => judgeScoring({
  experiment: 'scoringCost', images: 8, rules: [{ select: 'singleton', seconds, bytes: 1 }, { select: 'l1', seconds: 0, bytes: 0 }], skipped: [],
}).verdict;
const carlo = (hours: number) => judgeMonteCarlo({ seconds: 1, groups: 2, permutations: 3 }, hours * 3600).verdict;

describe('the verdicts follow the stated rules', () => {
  it('of slopes: in the range of the paper, linear outside of it, or not linear', () => {
    expect(judgeSlopes(slopes({ fitted: 20, worst: 30 }, { fitted: 90, worst: 95 })).verdict).toBe('reproduces');
    expect(judgeSlopes(slopes({ fitted: 0.2, worst: 0.3 })).verdict).toBe('partly');
    expect(judgeSlopes(slopes({ fitted: 20, worst: 61 })).verdict).toBe('does not');
    expect(judgeSlopes(slopes({ fitted: 20, worst: 30 })).ours).toContain('3 to 3 with both errors relative');
  });

  it('of norms: within the bound, and no deviation near zero', () => {
    expect(lipschitzOf(NORM).verdict).toBe('reproduces');
    expect(lipschitzOf(NORM, { ...NORM, leastDeviation: 1e-3, node: 'thin' })).toMatchObject({ verdict: 'partly', ours: expect.stringContaining('thin') });
    expect(lipschitzOf({ ...NORM, greatest: 1.1 }).verdict).toBe('does not');
    expect(lipschitzOf().verdict).toBe('does not');
  });

  it('of the order: half a point of tolerance, then the mean', () => {
    expect(order(0.1, -0.004)).toBe('reproduces');
    expect(order(0.1, -0.02)).toBe('partly');
    expect(order(0.01, -0.02)).toBe('does not');
  });

  it('of noise: at the level that costs about 12 points', () => {
    expect(judgeNoise(noise([0.1, 0.89, 0.5], [0.3, 0.78, 0.88], [1, 0.1, 0.1]))).toMatchObject({ verdict: 'reproduces', ours: expect.stringContaining('At 0.3 of') });
    expect(judgeNoise(noise([0.3, 0.78, 0.85])).verdict).toBe('partly');
    expect(judgeNoise(noise([0.3, 0.78, 0.7])).verdict).toBe('does not');
  });

  it('of correlation: the loss where there is little, against the rest', () => {
    expect(judgeCorrelation(correlated([0.1, 0.9, 0.91], [0.5, 0.8, 0.9])).verdict).toBe('reproduces');
    expect(judgeCorrelation(correlated([0.1, 0.9, 0.95], [0.5, 0.8, 0.9])).verdict).toBe('partly');
    expect(judgeCorrelation(correlated([0.1, 0.8, 0.9], [0.5, 0.89, 0.9])).verdict).toBe('does not');
  });

  it('of stability: sets and accuracy at 64 images', () => {
    expect(stable(0.95, 0.795)).toBe('reproduces');
    expect(stable(0.95, 0.7)).toBe('partly');
    expect(stable(0.8, 0.7)).toBe('does not');
  });

  it('of shares, recipe, scoring and Monte Carlo', () => {
    expect([shares(0.1, 0.19), shares(0.1, 0.4), shares(0.1, 0.4, 0.3)]).toEqual(['reproduces', 'partly', 'does not']);
    expect([recipe(0.4, 0.4), recipe(0.4, 0.6), recipe(0.5, 0.4)]).toEqual(['reproduces', 'partly', 'does not']);
    expect([scoring(59), scoring(61)]).toEqual(['reproduces', 'does not']);
    expect([carlo(1.9), carlo(19), carlo(21)]).toEqual(['reproduces', 'partly', 'does not']);
  });

  it('differences in points have their sign, and none where they round to nothing', () => {
    expect([points(-0.123), points(0.01), points(-0.0001)]).toEqual(['−12.3', '+1.0', '+0.0']);
  });
});

describe('claimsMarkdown', () => {
  it('has a row and a section for every claim, with verdicts by model and the command; what was not measured says so', () => {
    const claim: Omit<Claim, 'measure'> = { id: 'someClaim', statement: 'It holds.', paper: '12 against 1', how: 'By hand.', rule: 'If it does.', long: true };
    const text = claimsMarkdown({
      models: ['a', 'b'],
      claims: [{ claim, findings: { a: { verdict: 'partly', brief: '6 against 1', ours: 'Half of it.' } }, command: 'lab claims --only someClaim' }],
      command: 'lab claims', machine: 'some CPU', backend: 'wasm', calibrationImages: 3, testImages: 4, seed: 5, quick: true,
    });
    expect(text).toContain('| [It holds.](#someclaim) | 12 against 1 | **partly**: 6 against 1 | not measured |');
    expect(text).toContain('* a: **partly**. Half of it.');
    for (const part of ['`lab claims --only someClaim`', 'some CPU', '3 calibration and 4 test images, seed 5', 'A quick run', 'If it does.']) expect(text).toContain(part);
    expect(text).not.toContain('* b:');
  });
});

describe('lab claims', () => {
  it('measures the named claims on a model and writes them up', async () => {
    const b = networkBuilder(4);
    const small = b.pool('small', b.pool('smaller', b.rescaling('scaled', b.input('input', [32, 32, 3])), 'averagePool2d'), 'averagePool2d');
    const first = b.activation('first_relu', b.norm('first_norm', b.conv('first', small, [3, 3], 3, 6), 6), 'relu');
    const second = b.activation('second_relu', b.norm('second_norm', b.conv('second', first, [3, 3], 6, 5), 5), 'relu');
    await writeModel(b.build('tiny', b.dense('logits', b.globalPool('mean', second), 5, 10)), join(folder, 'tiny'));
    vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    const said = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
    const out = join(folder, 'claims.md');
    const only = 'hifiShare,recipe,lipschitz,noise,correlation';
    await claimsCommand().exitOverride().parseAsync(['--model', join(folder, 'tiny'), '--data', data, '--quick', '--only', only, '--out', out], { from: 'user' });
    const lines = said.mock.calls.map(([text]) => String(text));
    vi.restoreAllMocks();
    const text = await readFile(out, 'utf8');
    for (const id of only.split(',')) {
      expect(text).toContain(`## ${id}`);
      expect(lines.some((line) => new RegExp(`^${id}: (reproduces|partly|does not) \\(tiny\\)\n$`).test(line))).toBe(true);
    }
    expect(text).not.toContain('## stability');
    expect(text).toContain('32 calibration and 200 test images, seed 1');
    expect(text).not.toMatch(/NaN|undefined|Infinity/);
    expect(text).toContain(`--quick --seed 1 --only ${only}`);
  });

  it('refuses claims that there are none of, and names them all', async () => {
    await expect(claimsCommand().exitOverride().configureOutput({ writeErr: () => {} }).parseAsync(['--model', 'x', '--data', data, '--only', 'nonsense'], { from: 'user' }))
      .rejects.toThrow(CLAIMS.map(({ id }) => id).join(', '));
  });
});
