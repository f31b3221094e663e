import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Method } from './experiment.ts';
import type { FrontierSeries } from './frontier.ts';
import { MEASURES } from './measure.ts';
import { methodKey } from './method.ts';
import { emphasised, gapAt, MOST_NAMED, orderGap, pathOf, valueAt } from './seriesAt.ts';
import { BASELINE_SELECTIONS } from '../pruning/selections.ts';

const PLAIN: Method = { select: 'l1', compensate: 'none', order: 'sequential', allocate: 'uniform', renorm: false };

function series(method: Partial<Method>, points: readonly (readonly [number, number])[], more: Partial<FrontierSeries> = {}): FrontierSeries {
  const whole = { ...PLAIN, ...method };
  return { key: methodKey(whole), label: whole.select, method: whole, precomputed: false, rules: '', source: '', points: points.map(([x, value]) => ({ x, value, images: 1000 })), ...more };
}

const ACCURACY = MEASURES.accuracy;
const intact = { x: 100, value: 0.9, images: 1000 };

describe('a series between its points', () => {
  it('follows the straight line, up to the intact network and not beyond its own ends', () => {
    const path = pathOf(series({}, [[25, 0.2], [50, 0.6]]), intact);
    expect([20, 25, 30, 50, 75, 100, 101].map((x) => valueAt(path, x, ACCURACY))).toEqual([undefined, 0.2, expect.closeTo(0.28), 0.6, 0.75, 0.9, undefined]);
  });

  it('never leaves the range of its neighbours', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.integer({ min: 0, max: 1000 }), { minLength: 2, maxLength: 9 }), fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 9, maxLength: 9 }), fc.double({ min: 0, max: 1, noNaN: true }), (xs, qualities, at) => {
        const path = xs.toSorted((a, b) => a - b).map((x, i) => ({ x, value: qualities[i], images: 1 }));
        const x = path[0].x + at * (path[path.length - 1].x - path[0].x);
        const found = valueAt(path, x, ACCURACY) ?? Number.NaN;
        const high = path.findIndex((point) => point.x >= x);
        const near = path.slice(Math.max(0, high - 1), high + 1).map(({ value }) => value);
        expect(found).toBeGreaterThanOrEqual(Math.min(...near) - 1e-12);
        expect(found).toBeLessThanOrEqual(Math.max(...near) + 1e-12);
      }),
    );
  });
});

describe('what stands out', () => {
  const many = BASELINE_SELECTIONS.map((select, i) => series({ select }, [[50, i / 100]]));
  const scale = series({ select: 'singleton', compensate: 'scale' }, [[50, 0]]);
  const scaleOneShot = series({ select: 'singleton', compensate: 'scale', order: 'oneShot' }, [[50, 0]]);

  it('are all series where there are few', () => {
    expect(emphasised(many.slice(0, MOST_NAMED), ACCURACY, { current: PLAIN }).size).toBe(MOST_NAMED);
  });

  it('are the best at the target, the plan’s own and the chosen with its other order where there are many', () => {
    const keys = emphasised([...many, scale, scaleOneShot], ACCURACY, { chosen: scale.key, current: PLAIN, x: 50, intact });
    expect([...keys].toSorted()).toEqual([scale.key, scaleOneShot.key, 'l1 none', ...many.slice(-3).map(({ key }) => key)].toSorted());
    expect(keys.size).toBeLessThanOrEqual(MOST_NAMED);
  });
});

describe('the gap between the orders', () => {
  const sequential = series({ select: 'greedy', compensate: 'scale' }, [[25, 0.5], [50, 0.8]]);
  const oneShot = series({ select: 'greedy', compensate: 'scale', order: 'oneShot' }, [[30, 0.3], [50, 0.7]]);

  it('spans what both reach, whichever of them is chosen', () => {
    for (const { key } of [sequential, oneShot]) {
      const gap = orderGap([sequential, oneShot], ACCURACY, key, intact);
      expect(gap?.points).toEqual([
        { x: 30, oneShot: 0.3, sequential: expect.closeTo(0.56) as number },
        { x: 50, oneShot: 0.7, sequential: 0.8 },
        { x: 100, oneShot: 0.9, sequential: 0.9 },
      ]);
      expect(gap && gapAt(gap, ACCURACY, 40)).toEqual({ x: 40, oneShot: 0.5, sequential: expect.closeTo(0.68) as number });
      expect(gap && gapAt(gap, ACCURACY, 10)).toEqual({ x: 30, oneShot: 0.3, sequential: expect.closeTo(0.56) as number });
    }
  });

  it('is none of another method, of points measured elsewhere, or where nothing is chosen', () => {
    const other = series({ select: 'greedy', compensate: 'scale', order: 'oneShot', renorm: true }, [[30, 0.3], [50, 0.7]]);
    expect(orderGap([sequential, other], ACCURACY, sequential.key, intact)).toBeUndefined();
    expect(orderGap([sequential, { ...oneShot, precomputed: true }], ACCURACY, sequential.key, intact)).toBeUndefined();
    expect(orderGap([sequential, oneShot], ACCURACY, undefined, intact)).toBeUndefined();
  });
});

describe('by perplexity', () => {
  const { perplexity } = MEASURES;

  it('what lies between two points is on the straight line of a logarithmic axis', () => {
    const path = pathOf(series({}, [[20, 1000], [60, 10]]), { ...intact, value: 10 });
    expect(valueAt(path, 40, perplexity)).toBeCloseTo(100, 9);
    expect(valueAt(path, 80, perplexity)).toBeCloseTo(10, 9);
  });

  it('the least are the best, and what does not reach there comes last', () => {
    const many = BASELINE_SELECTIONS.map((select, i) => series({ select }, [[50, 10 + i]]));
    const short = series({ select: 'random', renorm: true }, [[80, 1]]);
    const keys = emphasised([...many, short], perplexity, { current: { ...PLAIN, renorm: true }, x: 50 });
    expect([...keys].toSorted()).toEqual(many.slice(0, 3).map(({ key }) => key).toSorted());
  });

  it('the orders lie furthest apart where their ratio is greatest', () => {
    const sequential = series({ select: 'greedy', compensate: 'scale' }, [[25, 4000], [50, 20]]);
    const oneShot = series({ select: 'greedy', compensate: 'scale', order: 'oneShot' }, [[25, 5000], [50, 40]]);
    const gap = orderGap([sequential, oneShot], perplexity, sequential.key);
    expect(gap && gapAt(gap, perplexity, undefined)).toEqual({ x: 50, oneShot: 40, sequential: 20 });
  });
});
