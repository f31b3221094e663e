import { describe, expect, it } from 'vitest';
import { NO_RULES } from '../pruning/widthRules.ts';
import { parsePrecomputed } from './precomputed.ts';
import { parseSavedResults } from './savedResults.ts';

const request = { target: { kind: 'macs', value: 0.5 }, select: 'l1', compensate: 'none', order: 'oneShot', seed: 1 };
const usual = { allocate: 'uniform', renorm: false };
const saved = (asked: object) => JSON.stringify({
  version: 1,
  history: { nodes: [{ id: '1', settings: { request: asked, pins: {}, images: 512 }, keep: { a: [0] }, cost: { macs: 1, params: 1, bytes: 4 }, outcome: { images: 10, accuracy: 1, agreement: 1, perClass: [] } }] },
  sweepPoints: [],
});

describe('what comes from storage or a file', () => {
  it.each(['', '{', 'null', '[]', '{"version":2}', '{"version":1,"history":{"nodes":[{}]},"sweepPoints":[]}', '{"version":1,"history":{"nodes":[]},"sweepPoints":[{"accuracy":7}]}'])('is not taken for results when it is %j', (text) => {
    expect(parseSavedResults(text)).toBeUndefined();
  });

  it('is taken when it is what the page wrote', () => {
    expect(parseSavedResults('{"version":1,"history":{"nodes":[]},"sweepPoints":[]}')).toEqual({ version: 1, history: { nodes: [] }, sweepPoints: [] });
  });

  it('keeps its rules, and has none where it was saved before there were any', () => {
    expect(parseSavedResults(saved(request))?.history.nodes[0].settings.request).toEqual({ ...request, ...usual, rules: NO_RULES });
    const rules = { multiple: 8, floor: 0.1, groups: { a: { kind: 'width', channels: 4 }, b: { kind: 'protect' } } };
    expect(parseSavedResults(saved({ ...request, rules }))?.history.nodes[0].settings.request.rules).toEqual(rules);
  });

  it('has the usual allocation, norms as they were and no sweep that waits, where it was saved before there were others', () => {
    const point = { ...request, macs: 1, params: 1, accuracy: 1, images: 10, calibrationImages: 512 };
    const old = JSON.parse(saved(request)) as object;
    const read = parseSavedResults(JSON.stringify({ ...old, sweepPoints: [point] }));
    expect(read?.sweepPoints).toEqual([{ ...point, ...usual }]);
    expect(read).not.toHaveProperty('pendingSweep');
    const pendingSweep = { methods: [{ select: 'greedy', compensate: 'leastSquaresBias', order: 'sequential', allocate: 'theory', renorm: true }], targets: [0.5] };
    expect(parseSavedResults(JSON.stringify({ ...old, pendingSweep }))?.pendingSweep).toEqual(pendingSweep);
    expect(parseSavedResults(JSON.stringify({ ...old, pendingSweep: { methods: [{ select: 'guess' }], targets: [] } }))).toBeUndefined();
  });

  it.each([{ multiple: 0 }, { floor: 2 }, { groups: { a: { kind: 'width' } } }, { groups: { a: { kind: 'width', channels: 0.5 } } }, { groups: 3 }])('is not taken with rules like %j', (wrong) => {
    expect(parseSavedResults(saved({ ...request, rules: { ...NO_RULES, ...wrong } }))).toBeUndefined();
  });

  it('keeps perplexity and divergence, which results of pictures do not have', () => {
    const old = JSON.parse(saved(request)) as { history: { nodes: { outcome: object }[] } };
    const [{ outcome }] = old.history.nodes;
    expect(parseSavedResults(JSON.stringify(old))?.history.nodes[0].outcome).toEqual(outcome);
    const measured = { ...outcome, accuracy: undefined, agreement: 0.4, perplexity: 31.5, divergence: 0.7 };
    const point = { ...request, ...usual, macs: 1, params: 1, agreement: 0.4, perplexity: 31.5, divergence: 0.7, images: 32, calibrationImages: 64 };
    old.history.nodes[0].outcome = measured;
    const read = parseSavedResults(JSON.stringify({ ...old, sweepPoints: [point] }));
    expect(read?.history.nodes[0].outcome).toEqual({ images: 10, agreement: 0.4, perClass: [], perplexity: 31.5, divergence: 0.7 });
    expect(read?.sweepPoints).toEqual([point]);
  });

  it('is refused as precomputed results with the field that is wrong', () => {
    expect(() => parsePrecomputed({ version: 1, model: 3 })).toThrow(/model/);
  });
});
