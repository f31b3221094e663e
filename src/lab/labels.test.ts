import { describe, expect, it } from 'vitest';
import type { CouplingGroup } from '../network/couplingGroup.ts';
import { NO_RULES } from '../pruning/widthRules.ts';
import { CHANNELS } from './groupLabel.ts';
import { methodLabel, planLabel } from './labels.ts';
import { stageLabels } from './labelsByName.ts';

function group(name: string, producers: readonly string[] = [name]): CouplingGroup {
  return { name, channels: 8, producers, passThroughs: [], consumers: [] };
}

describe('stage labels', () => {
  it('of a residual network put each stage’s stream first and name its blocks', () => {
    const stages = stageLabels(
      [
        group('stem_conv', ['stem_conv', 'stage1_block1_conv2', 'stage1_block2_conv2']),
        group('stage1_block1_conv1'),
        group('stage1_block2_conv1'),
        group('stage2_block1_conv1'),
        group('stage2_block1_conv2', ['stage2_block1_conv2', 'stage2_block1_shortcut', 'stage2_block2_conv2']),
        group('stage2_block2_conv1'),
      ],
      [{ id: 'stem_conv', op: 'conv2d', shape: [32, 32, 16], macs: 0, params: 0 }],
    );
    expect(stages.map(({ title, groups }) => [title, groups.map(({ short }) => short)])).toEqual([
      ['Stem and stage 1 · 32 × 32', ['stream', 'block 1', 'block 2']],
      ['Stage 2', ['stream', 'block 1', 'block 2']],
    ]);
    expect(stages[1].groups[1].full).toBe('Stage 2, block 1');
  });

  it('of a plain network name its layers', () => {
    const [first] = stageLabels([group('stage1_conv1'), group('stage1_conv2')]);
    expect(first.groups.map(({ short }) => short)).toEqual(['conv 1', 'conv 2']);
  });

  it('fall back to the names where these are of another style', () => {
    expect(stageLabels([group('stage1_conv1'), group('conv2d_7')])).toEqual([
      { title: '', groups: ['stage1_conv1', 'conv2d_7'].map((name) => ({ name, short: name, full: name, unit: CHANNELS })) },
    ]);
  });
});

it('a method names its order only where it matters, and what else is not the usual', () => {
  const usual = { order: 'sequential', allocate: 'uniform', renorm: false } as const;
  expect(methodLabel({ ...usual, select: 'singleton', compensate: 'leastSquares' })).toBe('singleton + least squares');
  expect(methodLabel({ ...usual, select: 'singleton', compensate: 'scale', order: 'oneShot' })).toBe('singleton + scale, one-shot');
  expect(methodLabel({ ...usual, select: 'l1', compensate: 'none', order: 'oneShot' })).toBe('L1');
  expect(methodLabel({ ...usual, select: 'greedy', compensate: 'leastSquaresBias', allocate: 'theory' })).toBe('greedy + least squares + bias, by theory');
  expect(methodLabel({ ...usual, select: 'hrank', compensate: 'none', allocate: 'eta', renorm: true })).toBe('HRank, equal η, norms again');
});

it('a plan says what was asked for and whether hands were laid on it', () => {
  const request = { target: { kind: 'macs', value: 0.476 }, select: 'singleton', compensate: 'scale', order: 'sequential', allocate: 'uniform', renorm: false, rules: NO_RULES, seed: 1 } as const;
  expect(planLabel({ request, pins: {}, images: 512 })).toBe('singleton + scale, 48 % MACs');
  expect(planLabel({ request: { ...request, target: { kind: 'eta', value: 0.9 } }, pins: { a: { 3: true } }, images: 512 })).toBe('singleton + scale, η ≥ 0.90, by hand');
  // a fidelity is no cost that could be shared out
  expect(planLabel({ request: { ...request, allocate: 'theory', target: { kind: 'eta', value: 0.9 } }, pins: {}, images: 512 })).toBe('singleton + scale, η ≥ 0.90');
  expect(planLabel({ request: { ...request, rules: { multiple: 8, floor: 0, groups: { a: { kind: 'protect' } } } }, pins: {}, images: 512 })).toBe('singleton + scale, 48 % MACs, multiples of 8, 1 group set');
});
