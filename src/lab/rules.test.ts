import { describe, expect, it } from 'vitest';
import { NO_RULES } from '../pruning/widthRules.ts';
import { groupRuleLabel, groupRuleOf, hasRules, rulesKey, rulesLabel, rulesOfGroups, withGroupRule } from './rules.ts';

const protectedA = withGroupRule(NO_RULES, 'a', { kind: 'protect' });
const both = withGroupRule(protectedA, 'b', { kind: 'width', channels: 12 });

describe('rules', () => {
  it('of a group are set, replaced and taken back, the others as they were', () => {
    expect(groupRuleOf(both, 'b')).toEqual({ kind: 'width', channels: 12 });
    expect(withGroupRule(both, 'b', { kind: 'atLeast', channels: 4 }).groups).toEqual({ a: { kind: 'protect' }, b: { kind: 'atLeast', channels: 4 } });
    expect(withGroupRule(both, 'b', undefined)).toEqual(protectedA);
    expect(groupRuleOf(both, 'constructor')).toBeUndefined();
  });

  it('of groups that another network does not have are left behind', () => {
    expect(rulesOfGroups({ ...both, multiple: 8 }, new Set(['b', 'c']))).toEqual({ multiple: 8, floor: 0, groups: { b: { kind: 'width', channels: 12 } } });
  });

  it('are the same in whatever order they were given, and others are not', () => {
    const turned = withGroupRule(withGroupRule(NO_RULES, 'b', { kind: 'width', channels: 12 }), 'a', { kind: 'protect' });
    expect(rulesKey(turned)).toBe(rulesKey(both));
    expect(rulesKey({ ...both, floor: 0.1 })).not.toBe(rulesKey(both));
    expect(rulesKey(withGroupRule(both, 'b', { kind: 'atLeast', channels: 12 }))).not.toBe(rulesKey(both));
    expect([hasRules(NO_RULES), hasRules(both), hasRules({ ...NO_RULES, multiple: 8 })]).toEqual([false, true, true]);
  });

  it('are told in words', () => {
    expect(rulesLabel({ ...both, multiple: 8, floor: 0.1 })).toBe('multiples of 8, 10 % floor, 2 groups set');
    expect(rulesLabel(protectedA)).toBe('1 group set');
    expect(rulesLabel(NO_RULES)).toBe('');
    expect((['a', 'b'] as const).map((name) => groupRuleLabel(both.groups[name]))).toEqual(['protected', 'held at 12']);
  });
});
