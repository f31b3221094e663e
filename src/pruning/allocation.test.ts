import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { costModel } from '../network/costModel.ts';
import { couplingGroups } from '../network/coupling.ts';
import { residualNetwork } from '../network/fixtures/networks.ts';
import { totalCost, type CostModel } from '../network/totalCost.ts';
import { allocate, MissingCurveError, MissingSlopesError, slopesOf, type AllocatedGroup, type Slopes } from './allocation.ts';
import { prunableGroups } from './keepSets.ts';
import { NO_RULES, ruledWidth } from './widthRules.ts';

/** Two groups whose costs do not depend on one another: 3 and 5 a channel. */
const SEPARATE: CostModel = {
  widths: { a: 8, b: 6 },
  terms: [
    { node: 'a', macs: 3, parameters: 1, groups: ['a'] },
    { node: 'b', macs: 5, parameters: 1, groups: ['b'] },
  ],
};

const NETWORK = residualNetwork();
const MODEL = costModel(NETWORK);

/** Error that halves with every channel that is kept: convex. */
function halving(name: string, channels: number, scale = 1): AllocatedGroup {
  const error = Array.from({ length: channels }, (_, k) => (k + 1 === channels ? 0 : scale * 2 ** -(k + 1)));
  return { name, channels, error, curve: error.map((value) => 1 - value / scale) };
}

const groups = prunableGroups(couplingGroups(NETWORK)).map(({ name, channels }, at) => halving(name, channels, at + 1));
const slopes: Slopes = Object.fromEntries(groups.map(({ name }, at) => [name, [{ kept: 1, slope: 1 + at }]]));
const share = fc.double({ min: 0.05, max: 1, noNaN: true });

function macs(widths: Record<string, number>, model: CostModel): number {
  return totalCost(model, widths).macs;
}

describe.each(['uniform', 'eta', 'theory'] as const)('allocation by %s', (kind) => {
  const rule = kind === 'theory' ? { kind, slopes } : { kind };

  it('keeps to the budget unless the least widths are dearer, whatever the rules', () => {
    fc.assert(fc.property(share, fc.constantFrom(1, 2, 4), fc.constantFrom(0, 0.3), (value, multiple, floor) => {
      const rules = { ...NO_RULES, multiple, floor };
      const widths = allocate(rule, { cost: (at) => macs(at, MODEL), share: value }, groups, rules);
      const least = Object.fromEntries(groups.map(({ name, channels }) => [name, ruledWidth(name, channels, 0, rules)]));
      const limit = value * macs({}, MODEL);
      if (macs(least, MODEL) > limit) expect(widths).toEqual(least);
      else expect(macs(widths, MODEL)).toBeLessThanOrEqual(limit);
      for (const { name, channels } of groups) expect(ruledWidth(name, channels, widths[name], rules)).toBe(widths[name]);
    }));
  });

  it('keeps everything where everything may stay', () => {
    const whole = Object.fromEntries(groups.map(({ name, channels }) => [name, channels]));
    expect(allocate(rule, { cost: (at) => totalCost(MODEL, at).parameters, share: 1 }, groups, NO_RULES)).toEqual(whole);
  });
});

function outputError(widths: Record<string, number>, all: readonly AllocatedGroup[], by: Slopes): number {
  return all.reduce((sum, { name, error }) => sum + (error?.[widths[name] - 1] ?? 0) * by[name][0].slope, 0);
}

describe('allocation by theory', () => {
  const total = macs({}, SEPARATE);

  it('where costs and errors are separate and convex, is within one step of the best of all widths', () => {
    fc.assert(fc.property(share, fc.double({ min: 0.01, max: 100, noNaN: true }), (value, slope) => {
      const pair = [halving('a', 8), halving('b', 6)];
      const by: Slopes = { a: [{ kept: 1, slope: 1 }], b: [{ kept: 1, slope }] };
      const limit = value * total;
      const widths = allocate({ kind: 'theory', slopes: by }, { cost: (at) => macs(at, SEPARATE), share: value }, pair, NO_RULES);
      fc.pre(limit >= macs({ a: 1, b: 1 }, SEPARATE));
      // a budget that is less by the dearest step: its optimum is no better than what greedy finds
      const options = Array.from({ length: 48 }, (_, k) => ({ a: 1 + Math.floor(k / 6), b: 1 + (k % 6) }));
      const affordable = options.filter((option) => macs(option, SEPARATE) <= limit - 5);
      fc.pre(affordable.length > 0);
      const best = Math.min(...affordable.map((option) => outputError(option, pair, by)));
      expect(outputError(widths, pair, by)).toBeLessThanOrEqual(best + 1e-12);
    }));
  });

  it('cuts where a slope is small, all else equal', () => {
    const pair = [halving('a', 8), { ...halving('b', 8), name: 'b' }];
    const model: CostModel = { widths: { a: 8, b: 8 }, terms: SEPARATE.terms.map((term) => ({ ...term, macs: 1 })) };
    const by: Slopes = { a: [{ kept: 4, slope: 100 }], b: [{ kept: 4, slope: 1 }] };
    const widths = allocate({ kind: 'theory', slopes: by }, { cost: (at) => macs(at, model), share: 0.5 }, pair, NO_RULES);
    expect(widths.a).toBeGreaterThan(widths.b);
    expect(macs(widths, model)).toBe(8);
  });

  it('looks past a dear step to a cheap one behind it', () => {
    // the first channel to go costs 1, the six after it nothing
    const cliff: AllocatedGroup = { name: 'a', channels: 8, error: [9, 1, 1, 1, 1, 1, 1, 0] };
    const slope: AllocatedGroup = { name: 'b', channels: 8, error: [9, 2.4, 2, 1.6, 1.2, 0.8, 0.4, 0] };
    const model: CostModel = { widths: { a: 8, b: 8 }, terms: SEPARATE.terms.map((term) => ({ ...term, macs: 1 })) };
    const by: Slopes = { a: [{ kept: 1, slope: 1 }], b: [{ kept: 1, slope: 1 }] };
    expect(allocate({ kind: 'theory', slopes: by }, { cost: (at) => macs(at, model), share: 10 / 16 }, [cliff, slope], NO_RULES)).toEqual({ a: 2, b: 8 });
  });

  it('a group that no layer tells of stays whole', () => {
    const widths = allocate({ kind: 'theory', slopes: {} }, { cost: (at) => macs(at, SEPARATE), share: 0.5 }, [{ name: 'a', channels: 8, error: [] }], NO_RULES);
    expect(widths).toEqual({ a: 8 });
  });

  it('without curve or slope says which group lacks it', () => {
    expect(() => allocate({ kind: 'theory', slopes: {} }, { cost: (at) => macs(at, SEPARATE), share: 0.5 }, [halving('a', 8)], NO_RULES)).toThrow(MissingSlopesError);
    expect(() => allocate({ kind: 'eta' }, { cost: (at) => macs(at, SEPARATE), share: 0.5 }, [{ name: 'a', channels: 8 }], NO_RULES)).toThrow(MissingCurveError);
  });
});

function point(kept: number, compensate: 'scale' | 'leastSquares', global: number) {
  return { group: 'a', kept, local: 2, global, compensate };
}

describe('slopes', () => {
  it('are those of the compensation that is asked for, ascending in width', () => {
    const points = [point(4, 'leastSquares', 2), point(2, 'leastSquares', 8), point(2, 'scale', 20)];
    expect(slopesOf(points, 'leastSquaresRelu')).toEqual({ a: [{ kept: 2, slope: 4 }, { kept: 4, slope: 1 }] });
    expect(slopesOf(points, 'none')).toEqual({ a: [{ kept: 2, slope: 10 }] });
  });

  it('leave out widths at which nothing was lost', () => {
    expect(slopesOf([{ ...point(8, 'scale', 0), local: 0 }, point(4, 'scale', 2)], 'scale')).toEqual({ a: [{ kept: 4, slope: 1 }] });
  });
});
