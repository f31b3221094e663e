import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { computeLogits, topClasses } from '../engine/evaluate.ts';
import { arraySource, randomSource } from '../engine/fixtures/arrays.ts';
import { startWasm } from '../engine/fixtures/wasmBackend.ts';
import { CancelledError } from '../engine/job.ts';
import type { Correlator } from '../engine/kernels/correlator.ts';
import { SharedTrunk } from '../engine/sharedTrunk.ts';
import { residualNetwork } from '../network/fixtures/networks.ts';
import type { Network } from '../network/network.ts';
import { depthOf } from './depth.ts';
import { recoverability } from './recoverability.ts';
import { drawnSettings, nonDominated, tradeOff, type TradeOffAxes, type TradeOffInput } from './tradeOff.ts';
import { unlearn } from './unlearn.ts';
import { DEFAULT_UNLEARN } from './unlearnRequest.ts';

let correlator: Correlator;
beforeAll(async () => {
  ({ correlator } = await startWasm());
});

const network: Network = residualNetwork(23);
const OWN = 2;

/** Random pictures of many colours, named by the network's own prediction; half of them measure. */
async function input(): Promise<TradeOffInput & { readonly images: ReturnType<typeof arraySource>; readonly labels: Int32Array }> {
  const shape = [8, 8, 3];
  const pixels = (await randomSource(240, shape).read(0, 240)).map((x, k) => {
    const image = Math.floor(k / 192);
    return x * (1 + 6 * ((image * 7) % 5)) * [1, image % 3, (image % 4) - 1][k % 3];
  });
  const images = arraySource(pixels, shape);
  const labels = topClasses(await computeLogits(network, images));
  const those = (own: boolean) =>
    arraySource(Float32Array.from([...labels.keys()].filter((k) => (labels[k] === OWN) === own).flatMap((k) => [...pixels.subarray(k * 192, (k + 1) * 192)])), shape);
  const labelled = { trunk: new SharedTrunk(network, images), labels };
  return { network, correlator, forget: those(true), retain: those(false), known: labelled, test: labelled, images, labels };
}

const AXES: TradeOffAxes = { head: [true, false], layers: [2], share: [0.2], mu: [0.3], erase: [0, 10] };

describe('depthOf', () => {
  it('measures what whole passes over the pictures would', async () => {
    const { images, labels, ...given } = await input();
    const { network: edited } = await unlearn(given, { ...DEFAULT_UNLEARN, classes: [OWN], share: 0.2 });
    const { forget, retain, recoverability: regained } = await depthOf(edited, [OWN], given.known, given.test);
    const found = topClasses(await computeLogits(edited, images));
    const hits = (own: boolean) => {
      const asked = [...labels.keys()].filter((k) => (labels[k] === OWN) === own);
      return asked.filter((k) => found[k] === labels[k]).length / asked.length;
    };
    expect(forget).toBeCloseTo(hits(true), 6);
    expect(retain).toBeCloseTo(hits(false), 6);
    const own = { images: given.forget, labels: Array.from({ length: given.forget.count }, () => OWN) };
    expect(regained).toBeCloseTo(await recoverability(edited, { images, labels }, own), 6);
  });
});

describe('tradeOff', () => {
  it('forgets with every setting, measures each, and tells which are not outdone', async () => {
    const given = await input();
    const { numTensors } = tf.memory();
    const seen: unknown[] = [];
    const { intact, points, best } = await tradeOff(given, { ...DEFAULT_UNLEARN, classes: [OWN] }, AXES, 10, {}, (point) => seen.push(point));
    expect(tf.memory().numTensors).toBe(numTensors);
    expect(intact).toMatchObject({ forget: 1, retain: 1 });
    expect(points.map(({ settings }) => `${settings.head} ${settings.erase}`).toSorted()).toEqual(['false 0', 'false 10', 'true 0', 'true 10']);
    expect(seen).toEqual(points);
    expect(best.length).toBeGreaterThan(0);
    for (const point of points) expect(best.includes(point) || best.some((other) => other.forget <= point.forget && other.retain >= point.retain && other.recoverability <= point.recoverability)).toBe(true);
    expect(Math.min(...points.map(({ forget }) => forget))).toBeLessThan(0.2);
  });

  it('stops when it is cancelled', async () => {
    const abort = new AbortController();
    const job = { signal: abort.signal, onProgress: () => abort.abort() };
    await expect(tradeOff(await input(), { ...DEFAULT_UNLEARN, classes: [OWN] }, AXES, 10, job)).rejects.toThrow(CancelledError);
  });
});

describe('drawnSettings', () => {
  it('draws different combinations by the seed', () => {
    const axes: TradeOffAxes = { head: [true, false], layers: [1, 2], share: [0.1, 0.2], mu: [0.1], erase: [0, 1] };
    const drawn = drawnSettings(axes, 10, 4);
    expect(new Set(drawn.map((settings) => JSON.stringify(settings))).size).toBe(10);
    expect(drawnSettings(axes, 10, 4)).toEqual(drawn);
    expect(drawnSettings(axes, 10, 5)).not.toEqual(drawn);
    expect(drawnSettings(axes, 99, 4)).toHaveLength(16);
  });
});

describe('nonDominated', () => {
  it('keeps what is best in something', () => {
    const [deep, mild, worse, same] = [
      { forget: 0, retain: 0.8, recoverability: 0.2 }, { forget: 0, retain: 0.9, recoverability: 0.5 },
      { forget: 0.1, retain: 0.9, recoverability: 0.5 }, { forget: 0, retain: 0.9, recoverability: 0.5 },
    ];
    expect(nonDominated([deep, mild, worse, same])).toEqual([deep, mild, same]);
  });
});
