import { describe, expect, it } from 'vitest';
import { DEFAULT_REQUEST, type Pins } from '../pruning/pruneRequest.ts';
import { NO_RULES } from '../pruning/widthRules.ts';
import { frontierCsv } from './csv.ts';
import type { FrontierPoint, TransformPoint } from './experiment.ts';
import { frontierSeries } from './frontier.ts';
import { EMPTY_HISTORY, recordPlan, type History } from './history.ts';
import { MEASURES } from './measure.ts';
import type { Precomputed } from './precomputed.ts';

const method = { select: 'l1', compensate: 'none', order: 'sequential', allocate: 'uniform', renorm: false } as const;
const point = (value: number, accuracy: number, more: Partial<FrontierPoint> = {}): FrontierPoint => ({
  ...method, target: { kind: 'macs', value }, macs: value * 100, params: value * 10, accuracy, images: 1000, seed: 1, calibrationImages: 512, ...more,
});
const text = (select: FrontierPoint['select'], value: number, perplexity: number) => point(value, 0, { select, accuracy: undefined, agreement: 0.5, perplexity });
const precomputed: Precomputed = {
  version: 1, model: 'm', images: 512, seed: 1, machine: 'a machine', backend: 'wasm', groups: [], cost: { macs: 100, params: 10, bytes: 40 }, groupsStructure: [],
  frontier: [{ method, points: [{ target: 0.5, macs: 50, params: 5, accuracy: 0.4, images: 10_000 }, { target: 0.25, macs: 25, params: 2, accuracy: 0.2, images: 10_000 }] }],
  intact: { accuracy: 0.9, images: 10_000 },
};

function tried(pins: Pins): History {
  return recordPlan(EMPTY_HISTORY, {
    settings: { request: DEFAULT_REQUEST, pins, images: 512 },
    keep: {},
    cost: { macs: 50, params: 5, bytes: 20 },
    outcome: { images: 1000, accuracy: 0.8, agreement: 0.9, perClass: [], latency: 3 },
  });
}

describe('frontier series', () => {
  it('are one for each method, ascending, whatever the order without compensation', () => {
    const series = frontierSeries({ sweepPoints: [point(0.5, 0.4), point(0.25, 0.2, { order: 'oneShot' })], history: EMPTY_HISTORY }, 'macs');
    expect(series).toHaveLength(1);
    expect(series[0].points.map(({ x }) => x)).toEqual([25, 50]);
  });

  it('keep the point on most images where two stand at one place', () => {
    const [series] = frontierSeries({ sweepPoints: [point(0.5, 0.4), point(0.5, 0.41, { images: 10_000 })], history: EMPTY_HISTORY }, 'macs');
    expect(series.points).toEqual([{ x: 50, value: 0.41, images: 10_000 }]);
  });

  it('show precomputed points until as many are measured here', () => {
    const one = frontierSeries({ sweepPoints: [point(0.5, 0.4)], history: EMPTY_HISTORY, precomputed }, 'macs');
    expect(one.map((series) => series.precomputed).toSorted((a, b) => Number(a) - Number(b))).toEqual([false, true]);
    const both = frontierSeries({ sweepPoints: [point(0.5, 0.4), point(0.25, 0.2)], history: EMPTY_HISTORY, precomputed }, 'macs');
    expect(both.map((series) => series.precomputed)).toEqual([false]);
  });

  it('hold apart what was measured under the rules of now, and leave out what was under others', () => {
    const multiples = { ...NO_RULES, multiple: 8 };
    const sweepPoints = [point(0.5, 0.4), point(0.6, 0.5, { rules: multiples }), point(0.7, 0.6, { rules: { ...NO_RULES, floor: 0.1 } })];
    const xs = (rules = NO_RULES) => frontierSeries({ sweepPoints, history: EMPTY_HISTORY }, 'macs', rules).map(({ label, points }) => [label, points.map(({ x }) => x)]);
    expect(xs()).toEqual([['L1', [50]]]);
    expect(xs(multiples)).toEqual([['L1, under rules', [60]], ['L1', [50]]]);
  });

  it('hold apart what was calibrated on other pictures, and name these', () => {
    const sweepPoints = [point(0.5, 0.4), point(0.5, 0.3, { source: { kind: 'deadLeaves' } }), point(0.25, 0.1, { source: { kind: 'deadLeaves' } }), point(0.5, 0.2, { source: { kind: 'pictures', mix: { kind: 'gaussian', share: 0.5 } } })];
    const series = frontierSeries({ sweepPoints, history: EMPTY_HISTORY, precomputed }, 'macs');
    expect(series.map(({ label, points, source }) => `${label} (${source}): ${points.length}`).toSorted()).toEqual([
      'L1 (): 1',
      'L1 (): 2',
      'L1, on dead leaves (dead leaves): 2',
      'L1, on real pictures with 50 % Gaussian noise (real pictures with 50 % Gaussian noise): 1',
    ]);
    expect(new Set(series.map(({ key }) => key)).size).toBe(4);
    // however many there are of others, those measured beforehand on real pictures stay
    expect(series.filter((entry) => entry.precomputed)).toHaveLength(1);
  });

  it('are in order of perplexity on a text, the lowest first, each weighed by its logarithm', () => {
    const sweepPoints = [text('l1', 0.5, 30), text('l1', 0.25, 300), text('l2', 0.5, 20), text('l2', 0.25, 1e5), text('random', 0.5, 25), text('random', 0.25, 200)];
    const series = frontierSeries({ sweepPoints, history: EMPTY_HISTORY }, 'macs', NO_RULES, MEASURES.perplexity);
    expect(series.map(({ method, points }) => [method?.select, ...points.map(({ value }) => value)])).toEqual([['random', 200, 25], ['l1', 300, 30], ['l2', 1e5, 20]]);
  });

  it('are one for each transform as well, which has no method and no time', () => {
    const shared = { transform: 'sliceGpt', images: 32, agreement: 0.5, seed: 1, calibrationImages: 64 } as const;
    const transformPoints = [0.5, 0.8].map((value): TransformPoint => ({ ...shared, share: { kind: 'macs', value }, macs: 100 * value, params: 10 * value, perplexity: 10 / value }));
    const measured = { sweepPoints: [text('l1', 0.5, 15)], transformPoints, history: EMPTY_HISTORY };
    const series = frontierSeries(measured, 'params', NO_RULES, MEASURES.perplexity);
    expect(series.map(({ label, method, points }) => [label, method?.select, points])).toEqual([
      ['L1', 'l1', [{ x: 5, value: 15, images: 1000 }]],
      ['SliceGPT', undefined, [{ x: 5, value: 20, images: 32 }, { x: 8, value: 12.5, images: 32 }]],
    ]);
    expect(frontierSeries(measured, 'latency')).toEqual([]);
    expect(frontierCsv(series, 'params', 'perplexity').split('\r\n').slice(2, 3)).toEqual(['sliceGpt,,,,,text,5,20,32,measured here,,text']);
  });

  it('take in tried plans, but not those with channels set by hand', () => {
    expect(frontierSeries({ sweepPoints: [], history: tried({}) }, 'latency')[0].points[0].x).toBe(3);
    expect(frontierSeries({ sweepPoints: [], history: tried({ a: { 0: true } }) }, 'macs')).toEqual([]);
  });
});
