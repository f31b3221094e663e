import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MULTIPLES, nextWidth, NO_RULES, ruledWidth, type GroupRule, type WidthRules } from './widthRules.ts';

const channels = fc.integer({ min: 1, max: 200 });
const groupRule: fc.Arbitrary<GroupRule> = fc.oneof(
  fc.constant({ kind: 'protect' } as const),
  fc.record({ kind: fc.constantFrom('width' as const, 'atLeast' as const), channels: fc.integer({ min: -5, max: 400 }) }),
);
const rules: fc.Arbitrary<WidthRules> = fc.record({
  multiple: fc.oneof(fc.constantFrom(...MULTIPLES), fc.integer({ min: 1, max: 50 })),
  floor: fc.double({ min: 0, max: 1, noNaN: true }),
  groups: fc.oneof(fc.constant({}), fc.record({ g: groupRule })),
});
/** 0.07 · 100 is a little over 7. */
const ROUNDING = 1e-6;
const wanted = fc.double({ min: -10, max: 300, noNaN: true });

describe('a width under rules', () => {
  it('is whole, at least one and at most all, whatever is wanted', () => {
    fc.assert(fc.property(channels, wanted, rules, (n, want, given) => {
      const width = ruledWidth('g', n, want, given);
      expect(Number.isInteger(width)).toBe(true);
      expect(width).toBeGreaterThanOrEqual(1);
      expect(width).toBeLessThanOrEqual(n);
    }));
  });

  it('is a multiple or all, not below the floor, and as its own rule says', () => {
    fc.assert(fc.property(channels, wanted, rules, (n, want, given) => {
      const width = ruledWidth('g', n, want, given);
      const rule = given.groups.g;
      if (rule?.kind === 'protect') {
        expect(width).toBe(n);
      } else if (rule?.kind === 'width') {
        expect(width).toBe(Math.min(n, Math.max(1, rule.channels)));
      } else {
        expect(width).toBeGreaterThanOrEqual(Math.min(n, rule?.channels ?? 1));
        expect(width).toBeGreaterThanOrEqual(given.floor * n - ROUNDING);
        expect(width === n || width % given.multiple === 0).toBe(true);
      }
    }));
  });

  it('is the nearest one that the rules allow, upward from half', () => {
    fc.assert(fc.property(channels, fc.integer({ min: 0, max: 220 }), rules, (n, want, given) => {
      fc.pre(given.groups.g?.kind !== 'protect' && given.groups.g?.kind !== 'width');
      const least = Math.max(1, given.floor * n - ROUNDING, Math.min(n, given.groups.g?.channels ?? 1));
      const allowed = Array.from({ length: n }, (_, k) => k + 1).filter((k) => k >= least && (k === n || k % given.multiple === 0));
      const distance = Math.min(...allowed.map((k) => Math.abs(k - want)));
      expect(ruledWidth('g', n, want, given)).toBe(allowed.findLast((k) => Math.abs(k - want) === distance));
    }));
  });

  it('never falls as more is wanted', () => {
    fc.assert(fc.property(channels, wanted, wanted, rules, (n, a, b, given) => {
      const [less, more] = [Math.min(a, b), Math.max(a, b)].map((want) => ruledWidth('g', n, want, given));
      expect(less).toBeLessThanOrEqual(more);
    }));
  });

  it('steps to the next that the rules allow, and stays where there is none', () => {
    fc.assert(fc.property(channels, wanted, rules, (n, want, given) => {
      const width = ruledWidth('g', n, want, given);
      const next = nextWidth('g', n, width, given);
      const above = Array.from({ length: n - width }, (_, k) => ruledWidth('g', n, width + k + 1, given)).find((other) => other > width);
      expect(next).toBe(above ?? width);
    }));
  });

  it('without rules is what is wanted', () => {
    fc.assert(fc.property(channels, fc.integer({ min: 1, max: 200 }), (n, want) => {
      expect(ruledWidth('g', n, want, NO_RULES)).toBe(Math.min(n, want));
    }));
  });

  it('takes no rule of another group, nor one of the prototype', () => {
    const given: WidthRules = { ...NO_RULES, groups: { other: { kind: 'protect' } } };
    expect(ruledWidth('g', 10, 4, given)).toBe(4);
    expect(ruledWidth('constructor', 10, 4, given)).toBe(4);
  });

  it.each([
    [64, 20, { multiple: 8 }, 24],
    [64, 19, { multiple: 8 }, 16],
    [64, 1, { multiple: 16 }, 16],
    [20, 19, { multiple: 16 }, 20],
    [6, 3, { multiple: 8 }, 6],
    [30, 1, { floor: 0.1 }, 3],
    [31, 1, { floor: 0.1 }, 4],
    [100, 1, { floor: 0.07 }, 7],
    [64, 1, { multiple: 8, floor: 0.3 }, 24],
    [64, 1, { groups: { g: { kind: 'atLeast', channels: 10 } } }, 10],
    [64, 1, { multiple: 8, groups: { g: { kind: 'atLeast', channels: 10 } } }, 16],
    [64, 40, { groups: { g: { kind: 'atLeast', channels: 10 } } }, 40],
    [64, 40, { multiple: 8, groups: { g: { kind: 'width', channels: 10 } } }, 10],
    [64, 40, { groups: { g: { kind: 'protect' } } }, 64],
  ] as [number, number, Partial<WidthRules>, number][])('of %i channels where %i are wanted, with %j, is %i', (n, want, given, width) => {
    expect(ruledWidth('g', n, want, { ...NO_RULES, ...given })).toBe(width);
  });
});
