import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ALLOCATIONS, COMPENSATIONS, ORDERS } from '../pruning/pruneRequest.ts';
import { BASELINE_SELECTIONS, SELECTION_RULES, SELECTIONS } from '../pruning/selections.ts';
import { accessLabel } from './access.ts';
import { methodLabel } from './labels.ts';
import { methodKey } from './method.ts';
import { combinations, distinctMethods, parseTargets, SWEEP_METHODS, SWEEP_PRESETS, SWEEP_TARGETS, targetsText } from './sweepPresets.ts';

describe('combinations', () => {
  it('are all there are, each once, the orders being one without compensation', () => {
    const all = combinations({ select: SELECTIONS, compensate: COMPENSATIONS, order: ORDERS, allocate: ALLOCATIONS, renorm: [false, true] });
    expect(all).toHaveLength(SELECTIONS.length * (1 + (COMPENSATIONS.length - 1) * ORDERS.length) * ALLOCATIONS.length * 2);
    expect(new Set(all.map(methodKey)).size).toBe(all.length);
    // what a person reads tells them apart too
    expect(new Set(all.map(methodLabel)).size).toBe(all.length);
  });

  it('are none where a part has nothing ticked', () => {
    expect(combinations({ select: ['l1'], compensate: [], order: ORDERS, allocate: ALLOCATIONS, renorm: [false] })).toEqual([]);
  });
});

describe('presets', () => {
  it('name distinct methods, and every baseline is in its own', () => {
    const presets = new Map(SWEEP_PRESETS.map(({ name, methods }) => [name, methods]));
    for (const methods of [...presets.values(), SWEEP_METHODS]) expect(distinctMethods(methods)).toEqual(methods);
    expect(presets.get('Every baseline')?.map(({ select }) => select)).toEqual(BASELINE_SELECTIONS);
    expect(presets.get('Every baseline, norms re-estimated')?.every(({ renorm }) => renorm)).toBe(true);
    expect(presets.get('Ours')?.map(methodLabel)).toEqual(['greedy + least squares behind ReLU, by theory']);
    expect(presets.get('Paper’s recipe')?.map(methodLabel)).toEqual(['singleton + scale']);
  });
});

describe('targets', () => {
  it('are read from what a person types, greatest first and each once', () => {
    expect(parseTargets('25, 90 47.6% ;25')).toEqual([0.9, 0.476, 0.25]);
  });

  it.each(['', 'half', '0', '101', '5e1', '-3', '50,,x'])('are not read from %j', (text) => {
    expect(parseTargets(text)).toBeUndefined();
  });

  it('written as text are read back', () => {
    expect(parseTargets(targetsText(SWEEP_TARGETS))).toEqual(SWEEP_TARGETS);
    fc.assert(
      fc.property(fc.uniqueArray(fc.integer({ min: 100, max: 10_000 }), { minLength: 1, maxLength: 12 }), (shares) => {
        const targets = shares.toSorted((a, b) => b - a).map((share) => share / 10_000);
        expect(parseTargets(targetsText(targets))).toEqual(targets);
      }),
    );
  });
});

describe('what a method needs', () => {
  const plain = { compensate: 'none', order: 'sequential', allocate: 'uniform', renorm: false } as const;

  it('is what its rule needs, and pictures for whatever measures', () => {
    expect(accessLabel({ ...plain, select: 'l1' })).toBe('nothing');
    expect(accessLabel({ ...plain, select: 'taylor' })).toBe('pictures, labels, gradients');
    for (const more of [{ compensate: 'scale' }, { renorm: true }, { allocate: 'theory' }] as const) expect(accessLabel({ ...plain, select: 'l1', ...more })).toBe('pictures');
    expect(SELECTIONS.filter((select) => SELECTION_RULES[select].access.labels)).toEqual(['taylor', 'llmPruner']);
  });
});
