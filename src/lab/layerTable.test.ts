import { describe, expect, it } from 'vitest';
import { evaluation, loadedModel, smallNetwork } from './fakeWorkers.ts';
import { INITIAL_EXPERIMENT, type Experiment } from './experiment.ts';
import { layersCsv, layerTable } from './layerTable.ts';
import { planCost } from './planCost.ts';

const loaded = loadedModel(smallNetwork());
const keep = { first: [0, 3, 5], second: [1, 2, 3, 4, 11] };
const model = { descriptor: { kind: 'shipped', id: 'x' }, loaded } as const;
const shown: Experiment = { ...INITIAL_EXPERIMENT, model, keep, cost: planCost({ model }, keep), planKey: 'now' };
const slow = (milliseconds: number) => [['first'], ['second', 'pool'], ['logits']].map((layers) => ({ layers, milliseconds }));

describe('the table of layers', () => {
  it('has every layer with what the plan leaves of it', () => {
    const table = layerTable(shown);
    expect(table?.timed).toBe(false);
    expect(table?.layers.map(({ layer, channels }) => [layer, channels.in.after, channels.out.after])).toEqual([['first', 3, 3], ['second', 3, 5], ['pool', 5, 5], ['logits', 5, 10]]);
    const sum = table?.layers.reduce((total, { macs }) => total + macs.after, 0);
    expect(sum).toBe(shown.cost?.macs);
  });

  it('has times of this model, backend and plan alone', () => {
    const layerTimes = { loaded, intact: slow(2), planKey: 'now', pruned: slow(1) };
    expect(layerTable({ ...shown, layerTimes })).toMatchObject({ timed: true });
    expect(layerTable({ ...shown, layerTimes })?.layers.map(({ milliseconds }) => milliseconds?.after)).toEqual([1, 1, undefined, 1]);
    expect(layerTable({ ...shown, layerTimes, planKey: 'another' })).toMatchObject({ timed: false });
    expect(layerTable({ ...shown, layerTimes: { ...layerTimes, loaded: loadedModel(smallNetwork()) } })).toMatchObject({ timed: false });
    expect(layerTable({ ...shown, layerTimes, backend: { name: 'wasm', software: false, reason: 'now', checks: [] } })).toMatchObject({ timed: false });
  });

  it('says where fewer MACs did not make it faster, in all and by layer', () => {
    const measured = { evaluation: evaluation(10), cost: loaded.cost };
    const result = { ...measured, kind: 'oneShot', key: 'now', plan: { keep, weights: {} }, settings: { request: shown.request, pins: {}, images: 1 }, latency: 3 } as const;
    const note = layerTable({ ...shown, intact: { ...measured, latency: 3 }, result, layerTimes: { loaded, intact: slow(2), planKey: 'now', pruned: slow(2) } })?.note;
    expect(note).toMatch(/^20 % of the MACs take 100 % of the time: fewer MACs did not make the network faster here\. Fewer MACs did not make 3 layers faster: /);
    expect(layerTable({ ...shown, intact: { ...measured, latency: 3 }, result: { ...result, key: 'before' } })?.note).toBeUndefined();
  });

  it('as CSV has one record a layer, with empty cells where nothing was timed', () => {
    const [header, first, , pool] = layersCsv(layerTable({ ...shown, layerTimes: { loaded, intact: slow(2), planKey: 'now', pruned: slow(1) } }) ?? { layers: [] }).split('\r\n');
    expect(header).toBe('layer,op,in_before,in_after,out_before,out_after,parameters_before,parameters_after,macs_before,macs_after,milliseconds_before,milliseconds_after,timed_with');
    expect(first).toBe('first,conv2d,3,3,8,3,216,81,13824,5184,2,1,');
    expect(pool).toBe('pool,globalAveragePool2d,12,5,12,5,0,0,0,0,,,second');
  });

  it('is not there before the model is', () => {
    expect(layerTable(INITIAL_EXPERIMENT)).toBeUndefined();
  });
});
