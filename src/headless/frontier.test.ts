import { readFile, writeFile } from 'node:fs/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { writeNpy } from '../formats/npy.ts';
import { costModel } from '../network/costModel.ts';
import { networkCosts } from '../network/costs.ts';
import { totalCost } from '../network/totalCost.ts';
import type { WidthRules } from '../pruning/widthRules.ts';
import { frontierCommand } from './commands/frontier.ts';
import { pruneCommand } from './commands/prune.ts';
import { LabelsNeededError } from './evidence.ts';
import { at, json, network, runHere } from './fixtures/workFolder.ts';
import { parseMethod } from './method.ts';

describe('lab frontier', () => {
  it('measures every method at every target, as JSON or CSV', async () => {
    await writeFile(at('small-labels.npy'), writeNpy([64], Uint8Array.from({ length: 64 }, (_, k) => k % 4)));
    const options = { model: at('small'), images: at('small.npy'), test: at('small.npy'), labels: at('small-labels.npy'), methods: 'l1/none/oneShot,singleton/scale/sequential', targets: '0.8,0.5' };
    await runHere(frontierCommand(), { ...options, out: at('frontier.json') });
    const { series } = await json<{ series: { method: object; points: { target: number; macs: number; accuracy: number }[] }[] }>('frontier.json');
    expect(series.map(({ method }) => method)).toEqual(['l1', 'paper'].map(parseMethod));
    for (const { points } of series) {
      expect(points.map(({ target }) => target)).toEqual([0.8, 0.5]);
      for (const { target, macs } of points) expect(macs).toBeLessThanOrEqual(target * networkCosts(network).macs);
    }
    await runHere(frontierCommand(), { ...options, out: at('frontier.csv') });
    const [header, ...rows] = (await readFile(at('frontier.csv'), 'utf8')).trim().split('\n');
    expect(header).toBe('method,target,macs,params,accuracy,images');
    expect(rows).toHaveLength(4);
    expect(rows[0]).toMatch(/^l1\/none\/oneShot,0\.8,\d+,\d+,[\d.]+,64$/);
  });
});

describe('lab frontier without images to test on', () => {
  const options = { model: '', images: '', labels: '', methods: 'ours,obc/leastSquaresBias/oneShot/eta/renorm,nisp', targets: '0.5' };

  beforeAll(async () => {
    await writeFile(at('half-labels.npy'), writeNpy([64], Uint8Array.from({ length: 64 }, (_, k) => k % 4)));
    Object.assign(options, { model: at('small'), images: at('small.npy'), labels: at('half-labels.npy') });
  });

  it('calibrates with the first half and measures with the second, by any method', async () => {
    await runHere(frontierCommand(), { ...options, out: at('half.json') });
    const { series, images } = await json<{ images: number; series: { method: object; points: { macs: number; images: number }[] }[] }>('half.json');
    expect(images).toBe(32);
    expect(series.map(({ method }) => method)).toEqual(options.methods.split(',').map(parseMethod));
    for (const { points } of series) {
      expect(points.map((point) => point.images)).toEqual([32]);
      expect(points[0].macs).toBeLessThanOrEqual(0.5 * networkCosts(network).macs);
    }
  });

  it('lets a rule read the labels of the calibrating half, and asks for them where there are none', async () => {
    await runHere(frontierCommand(), { ...options, methods: 'taylor', out: at('taylor.json') });
    const { series } = await json<Frontier>('taylor.json');
    expect(series[0].points).toHaveLength(1);
    await expect(runHere(pruneCommand(), { model: at('small'), images: at('small.npy'), target: 'macs=0.5', select: 'taylor', out: at('no') })).rejects.toBeInstanceOf(LabelsNeededError);
  });
});

describe('lab frontier under rules', () => {
  it('measures only what they allow, and says them', async () => {
    await writeFile(at('ruled-labels.npy'), writeNpy([64], new Uint8Array(64)));
    const options = { model: at('small'), images: at('small.npy'), test: at('small.npy'), labels: at('ruled-labels.npy'), methods: 'l1/none/oneShot', targets: '0.6', kind: 'channels' };
    await runHere(frontierCommand(), { ...options, out: at('free.json') });
    await runHere(frontierCommand(), { ...options, out: at('ruled.json'), protect: 'stem,block2_conv2' });
    const [free, ruled] = [await json<Frontier>('free.json'), await json<Frontier>('ruled.json')];
    expect(ruled.rules.groups).toEqual({ stem: { kind: 'protect' }, block2_conv2: { kind: 'protect' } });
    expect(ruled.series[0].points[0].macs).toBeGreaterThan(free.series[0].points[0].macs);
    const wanted = { stem: 6, block1_conv1: 3, block2_conv1: 4, block2_conv2: 8 };
    expect(ruled.series[0].points[0].macs).toBe(totalCost(costModel(network), wanted).macs);
  });
});

interface Frontier {
  readonly rules: WidthRules;
  readonly series: { readonly points: { readonly macs: number }[] }[];
}
