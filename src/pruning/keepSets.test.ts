import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { costModel } from '../network/costModel.ts';
import { totalCost, type CostModel } from '../network/totalCost.ts';
import { networkCosts } from '../network/costs.ts';
import { couplingGroups } from '../network/coupling.ts';
import { mixedNetwork } from '../engine/fixtures/mixedNetwork.ts';
import { networkBuilder, plainNetwork, residualNetwork } from '../network/fixtures/networks.ts';
import type { Network } from '../network/network.ts';
import { inferShapes } from '../network/shapes.ts';
import { prune } from '../network/surgery.ts';
import { MissingCurveError } from './allocation.ts';
import { keepSets, prunableGroups, widthsFor, type Ranking } from './keepSets.ts';
import { MULTIPLES, nextWidth, NO_RULES, ruledWidth, type GroupRule, type WidthRules } from './widthRules.ts';

const NETWORKS: Record<string, Network> = { residual: residualNetwork(), plain: plainNetwork() };

function rankingsOf(network: Network): Ranking[] {
  return prunableGroups(couplingGroups(network)).map(({ name, channels, parts }, at) => ({
    name,
    channels,
    scores: Array.from({ length: channels }, (_, i) => ((i + at + 1) * 7) % 11),
    curve: Array.from({ length: channels }, (_, k) => Math.sqrt((k + 1) / channels)),
    ...(parts && { parts }),
  }));
}

const fraction = fc.double({ min: 0.01, max: 1, noNaN: true });
const costKind = fc.constantFrom('macs' as const, 'params' as const);

function cost(kind: 'macs' | 'params', model: CostModel, widths: Record<string, number>): number {
  return totalCost(model, widths)[kind === 'params' ? 'parameters' : 'macs'];
}

describe.each(Object.entries(NETWORKS))('widths within a cost, on the %s network,', (_, network) => {
  const model = costModel(network);
  const rankings = rankingsOf(network);
  const uniform = (f: number) =>
    Object.fromEntries(rankings.map(({ name, channels }) => [name, Math.min(channels, Math.max(1, Math.round(channels * f)))]));
  /** Every fraction at which some group's width steps. */
  const steps = [...new Set(rankings.flatMap(({ channels }) => Array.from({ length: channels }, (_, k) => (k + 0.5) / channels)))].sort((a, b) => a - b);

  it('never exceed it, unless one channel a group is already too much, and keep at least one channel', () => {
    fc.assert(fc.property(costKind, fraction, (kind, value) => {
      const widths = widthsFor({ kind, value }, rankings, model);
      for (const { name, channels } of rankings) {
        expect(widths[name]).toBeGreaterThanOrEqual(1);
        expect(widths[name]).toBeLessThanOrEqual(channels);
      }
      const limit = value * cost(kind, model, {});
      if (cost(kind, model, uniform(0)) > limit) expect(widths).toEqual(uniform(0));
      else expect(cost(kind, model, widths)).toBeLessThanOrEqual(limit);
    }));
  });

  it('are those of the greatest uniform fraction that fits, each widened by at most one, and no more fits', () => {
    fc.assert(fc.property(costKind, fraction, (kind, value) => {
      const limit = value * cost(kind, model, {});
      const fits = (widths: Record<string, number>) => cost(kind, model, widths) <= limit;
      fc.pre(fits(uniform(0)));
      const widths = widthsFor({ kind, value }, rankings, model);
      // just past a step, so that rounding of the step itself does not count
      const base = [0, ...steps.map((step) => step + 1e-6)].map(uniform).filter(fits).at(-1) ?? uniform(0);
      for (const { name, channels } of rankings) {
        const extra = widths[name] - base[name];
        expect([0, 1]).toContain(extra);
        if (extra === 0 && widths[name] < channels) expect(fits({ ...widths, [name]: widths[name] + 1 })).toBe(false);
      }
    }));
  });

  it('grow in cost with the target', () => {
    fc.assert(fc.property(costKind, fraction, fraction, (kind, a, b) => {
      const [small, large] = [Math.min(a, b), Math.max(a, b)].map((value) => cost(kind, model, widthsFor({ kind, value }, rankings, model)));
      expect(small).toBeLessThanOrEqual(large);
    }));
  });

  it('are whole where everything may stay', () => {
    for (const kind of ['macs', 'params', 'channels'] as const) {
      expect(widthsFor({ kind, value: 1 }, rankings, model)).toEqual(uniform(1));
    }
  });

  it('cost what surgery says the pruned network costs', () => {
    fc.assert(fc.property(costKind, fraction, (kind, value) => {
      const keep = keepSets({ kind, value }, rankings, model);
      const pruned = networkCosts(prune(network, { keep, weights: {} }));
      const widths = widthsFor({ kind, value }, rankings, model);
      expect(Object.fromEntries(Object.entries(keep).map(([name, kept]) => [name, kept.length]))).toEqual(widths);
      expect(totalCost(model, widths)).toEqual({ macs: pruned.macs, parameters: pruned.parameters });
    }), { numRuns: 30 });
  });
});

/** One group, `stem`. */
function one(scores: number[], curve?: number[]): Ranking[] {
  return [{ name: 'stem', channels: scores.length, scores, curve }];
}

describe('keepSets', () => {
  const network = NETWORKS.residual;
  const model = costModel(network);

  it('with a channels target keeps the rounded share of every group, at least one, by greatest score', () => {
    expect(keepSets({ kind: 'channels', value: 0.5 }, one([1, 5, 2, 9, 3, 4]), model)).toEqual({ stem: [1, 3, 5] });
    expect(keepSets({ kind: 'channels', value: 0.01 }, one([1, 5, 2, 9, 3, 4]), model)).toEqual({ stem: [3] });
    expect(keepSets({ kind: 'channels', value: 1 }, one([1, 5, 2, 9, 3, 4]), model)).toEqual({ stem: [0, 1, 2, 3, 4, 5] });
  });

  it('keeps lower indices among equals, and channels without a score last', () => {
    expect(keepSets({ kind: 'channels', value: 0.5 }, one([2, Number.NaN, 2, 2, 2, 2]), model)).toEqual({ stem: [0, 2, 3] });
  });

  it('with an η target keeps the least k whose curve reaches it, and all where none does', () => {
    const rankings = one([6, 5, 4, 3, 2, 1], [0.3, 0.5, 0.5, 0.8, 0.9, 0.97]);
    const count = (value: number) => keepSets({ kind: 'eta', value }, rankings, model).stem.length;
    expect([0.1, 0.3, 0.31, 0.5, 0.8, 0.9, 0.98, 1].map(count)).toEqual([1, 1, 2, 2, 4, 5, 6, 6]);
  });

  it('asks for a curve where an η target has none, naming the group', () => {
    const rankings = one([1, 2, 3, 4, 5, 6]);
    expect(() => keepSets({ kind: 'eta', value: 0.9 }, rankings, model)).toThrow(MissingCurveError);
    expect(() => keepSets({ kind: 'eta', value: 0.9 }, rankings, model)).toThrow('"stem"');
  });

  it('puts pins above the scores, but never empties a group nor keeps a channel that is not there', () => {
    const rankings = one([1, 5, 2, 9, 3, 4]);
    const half = { kind: 'channels', value: 0.5 } as const;
    expect(keepSets(half, rankings, model, { pins: { stem: { 3: false, 0: true } } })).toEqual({ stem: [0, 1, 5] });
    // where pins cut all that the scores would keep, the best of the others stays; where they cut all, the best of all
    expect(keepSets(half, rankings, model, { pins: { stem: { 1: false, 3: false, 5: false } } })).toEqual({ stem: [4] });
    expect(keepSets(half, rankings, model, { pins: { stem: { 0: false, 1: false, 2: false, 3: false, 4: false, 5: false } } })).toEqual({ stem: [3] });
    expect(keepSets(half, rankings, model, { pins: { stem: { 6: true, 99: true }, nowhere: { 0: false } } })).toEqual({ stem: [1, 3, 5] });
  });

  it('with every channel pinned keeps exactly those pinned as kept', () => {
    fc.assert(fc.property(fc.array(fc.boolean(), { minLength: 6, maxLength: 6 }), fraction, (kept, value) => {
      fc.pre(kept.includes(true));
      const pins = { stem: Object.fromEntries(kept.map((keep, i) => [i, keep])) };
      const expected = kept.flatMap((keep, i) => (keep ? [i] : []));
      expect(keepSets({ kind: 'channels', value }, one([1, 5, 2, 9, 3, 4]), model, { pins })).toEqual({ stem: expected });
    }));
  });

  it('makes plans that surgery takes, whatever the scores, target and pins', () => {
    const rankings = rankingsOf(network);
    fc.assert(fc.property(
      fc.constantFrom('macs' as const, 'params' as const, 'channels' as const),
      fraction,
      fc.dictionary(fc.constantFrom(...rankings.map(({ name }) => name)), fc.dictionary(fc.constantFrom('0', '1', '2', '7'), fc.boolean())),
      (kind, value, pins) => {
        const keep = keepSets({ kind, value }, rankings, model, { pins });
        expect(() => prune(network, { keep, weights: {} })).not.toThrow();
      },
    ), { numRuns: 40 });
  });

  it('keeps one of each part of a group, the best that is not pinned', () => {
    const rankings = [{ name: 'stem', channels: 6, scores: [1, 5, 2, 9, 3, 4], parts: [[0, 2, 4], [3, 5]] }];
    const third = { kind: 'channels', value: 0.34 } as const;
    expect(keepSets(third, rankings, model)).toEqual({ stem: [1, 3, 4] });
    expect(keepSets(third, rankings, model, { pins: { stem: { 4: false } } })).toEqual({ stem: [1, 2, 3] });
    expect(keepSets(third, rankings, model, { pins: { stem: { 0: false, 2: false, 4: false } } })).toEqual({ stem: [1, 3, 4] });
  });

  it('with an η target keeps a group whole whose readers are all too wide for a curve, unless a rule says otherwise', () => {
    const rankings = one([6, 5, 4, 3, 2, 1], []);
    const eta = { kind: 'eta', value: 0.5 } as const;
    expect(keepSets(eta, rankings, model)).toEqual({ stem: [0, 1, 2, 3, 4, 5] });
    const rules = { ...NO_RULES, groups: { stem: { kind: 'width', channels: 2 } } } as const;
    expect(keepSets(eta, rankings, model, { rules })).toEqual({ stem: [0, 1] });
  });

  it('with an η target never falls below it by rounding to a multiple', () => {
    const curve = Array.from({ length: 20 }, (_, k) => (k + 1) / 20);
    const rankings = one(curve.map((_, i) => 20 - i), curve);
    fc.assert(fc.property(fraction, fc.constantFrom(...MULTIPLES), (value, multiple) => {
      const { length } = keepSets({ kind: 'eta', value }, rankings, model, { rules: { ...NO_RULES, multiple } }).stem;
      expect(curve[length - 1]).toBeGreaterThanOrEqual(value);
    }));
  });
});

describe.each(Object.entries({ ...NETWORKS, mixed: mixedNetwork(), split: splitNetwork() }))('under rules, on the %s network,', (_, network) => {
  const model = costModel(network);
  const rankings = rankingsOf(network);
  const target = fc.record({ kind: fc.constantFrom('macs' as const, 'params' as const, 'channels' as const, 'eta' as const), value: fraction });
  const groupRule: fc.Arbitrary<GroupRule> = fc.oneof(
    fc.constant({ kind: 'protect' } as const),
    fc.record({ kind: fc.constantFrom('width' as const, 'atLeast' as const), channels: fc.integer({ min: 0, max: 12 }) }),
  );
  const rules: fc.Arbitrary<WidthRules> = fc.record({
    multiple: fc.constantFrom(1, 2, 3, 4, 8),
    floor: fc.constantFrom(0, 0.1, 0.25, 0.5, 0.8),
    groups: fc.dictionary(fc.constantFrom(...rankings.map(({ name }) => name)), groupRule),
  });

  it('widths obey them, and none is zero', () => {
    fc.assert(fc.property(target, rules, (asked, given) => {
      const widths = widthsFor(asked, rankings, model, { rules: given });
      for (const { name, channels } of rankings) {
        const rule = given.groups[name];
        const width = widths[name];
        expect(width).toBeGreaterThanOrEqual(1);
        expect(width).toBeLessThanOrEqual(channels);
        if (rule?.kind === 'protect') expect(width).toBe(channels);
        else if (rule?.kind === 'width') expect(width).toBe(Math.min(channels, Math.max(1, rule.channels)));
        else {
          expect(width === channels || width % given.multiple === 0).toBe(true);
          expect(width).toBeGreaterThanOrEqual(Math.max(given.floor * channels, Math.min(channels, rule?.channels ?? 1)) - 1e-6);
        }
      }
    }));
  });

  it('a cost is met whenever the least widths that they allow meet it, and otherwise those are taken', () => {
    fc.assert(fc.property(costKind, fraction, rules, (kind, value, given) => {
      const widths = widthsFor({ kind, value }, rankings, model, { rules: given });
      const least = Object.fromEntries(rankings.map(({ name, channels }) => [name, ruledWidth(name, channels, 0, given)]));
      const limit = value * cost(kind, model, {});
      if (cost(kind, model, least) > limit) expect(widths).toEqual(least);
      else expect(cost(kind, model, widths)).toBeLessThanOrEqual(limit);
    }));
  });

  it('widths within a cost are those of the greatest uniform fraction that fits, each a step wider at most, and no more fits', () => {
    const steps = [...new Set(rankings.flatMap(({ channels }) => Array.from({ length: channels }, (_, k) => (k + 0.5) / channels)))].sort((a, b) => a - b);
    fc.assert(fc.property(costKind, fraction, rules, (kind, value, given) => {
      const fits = (widths: Record<string, number>) => cost(kind, model, widths) <= value * cost(kind, model, {});
      const uniform = (f: number) => Object.fromEntries(rankings.map(({ name, channels }) => [name, ruledWidth(name, channels, Math.round(channels * f), given)]));
      fc.pre(fits(uniform(0)));
      const base = [0, ...steps.map((step) => step + 1e-6)].map(uniform).filter(fits).at(-1) ?? uniform(0);
      const widths = widthsFor({ kind, value }, rankings, model, { rules: given });
      for (const { name, channels } of rankings) {
        const wider = nextWidth(name, channels, base[name], given);
        expect([base[name], wider]).toContain(widths[name]);
        if (widths[name] < wider) expect(fits({ ...widths, [name]: wider })).toBe(false);
      }
    }));
  });

  it('keep sets are plans that surgery takes, whatever was also set by hand', () => {
    const pins = fc.dictionary(fc.constantFrom(...rankings.map(({ name }) => name)), fc.dictionary(fc.constantFrom('0', '1', '2', '3', '5', '7'), fc.boolean()));
    fc.assert(fc.property(target, rules, pins, (asked, given, byHand) => {
      const keep = keepSets(asked, rankings, model, { pins: byHand, rules: given });
      const pruned = prune(network, { keep, weights: {} });
      expect([...inferShapes(pruned).values()].flat().every((size) => size >= 1)).toBe(true);
    }), { numRuns: 60 });
  });

  it('keep sets are as wide as they say where nothing was set by hand, and one wider a part at most', () => {
    fc.assert(fc.property(target, rules, (asked, given) => {
      const keep = keepSets(asked, rankings, model, { rules: given });
      const widths = widthsFor(asked, rankings, model, { rules: given });
      for (const { name, parts = [] } of rankings) {
        expect(keep[name].length).toBeGreaterThanOrEqual(widths[name]);
        expect(keep[name].length).toBeLessThanOrEqual(widths[name] + parts.length);
        const kept = new Set(keep[name]);
        for (const part of parts) expect(part.some((i) => kept.has(i))).toBe(true);
      }
    }));
  });
});

/** Halves of one convolution that go different ways, so that each must keep a channel. */
function splitNetwork(): Network {
  const b = networkBuilder(4);
  const all = b.conv('all', b.input('input', [4, 4, 3]), [3, 3], 3, 10);
  const half = (id: string, start: number) => b.node({ id, op: 'slice', inputs: [all], attributes: { axis: 2, start, size: 5 }, weights: {} });
  const left = b.conv('left', half('first', 0), [3, 3], 5, 6);
  const right = b.conv('right', half('second', 5), [1, 1], 5, 6);
  return b.build('split', b.conv('out', b.add('sum', left, right), [1, 1], 6, 2));
}
