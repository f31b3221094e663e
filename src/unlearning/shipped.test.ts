import { beforeAll, describe, expect, it } from 'vitest';
import { computeLogits, perClass, topClasses } from '../engine/evaluate.ts';
import { shippedImages, shippedNetwork } from '../engine/fixtures/shipped.ts';
import { startWasm } from '../engine/fixtures/wasmBackend.ts';
import type { Correlator } from '../engine/kernels/correlator.ts';
import type { Network } from '../network/network.ts';
import { recoverability } from './recoverability.ts';
import { unlearn } from './unlearn.ts';
import { DEFAULT_UNLEARN } from './unlearnRequest.ts';

const TESTED = 300;
const DOG = 5;

let correlator: Correlator;
beforeAll(async () => {
  ({ correlator } = await startWasm());
});

describe('unlearn on the shipped ResNet-20', () => {
  it('forgets dogs from 128 of their pictures and 256 others, keeps the rest, and says what a probe regains', async () => {
    const [network, images] = [await shippedNetwork('resnet20-cifar10'), await shippedImages()];
    const [train, expected] = [await images.labels('train'), (await images.labels('test')).subarray(0, TESTED)];
    const chosen = (wanted: (c: number) => boolean, count: number) => [...train.keys()].filter((k) => wanted(train[k])).slice(0, count);
    const forget = images.source('train', chosen((c) => c === DOG, 128));
    const retain = images.source('train', chosen((c) => c !== DOG, 256));
    const test = images.source('test', Array.from({ length: TESTED }, (_, k) => k));
    const measured = async (other: Network) => {
      const classes = perClass(topClasses(await computeLogits(other, test)), expected, 10);
      const rest = classes.filter((_, c) => c !== DOG);
      return {
        forget: classes[DOG].correct / classes[DOG].total,
        retain: rest.reduce((sum, { correct }) => sum + correct, 0) / rest.reduce((sum, { total }) => sum + total, 0),
      };
    };
    const before = await measured(network);
    const { network: edited, reached } = await unlearn({ network, forget, retain, correlator }, { ...DEFAULT_UNLEARN, classes: [DOG] });
    const after = await measured(edited);
    expect(reached).toBe(true);
    expect(before.forget).toBeGreaterThan(0.8);
    expect(after.forget).toBeLessThan(0.03);
    expect(after.retain).toBeGreaterThan(before.retain - 0.02);

    const labelled = Array.from({ length: 10 }, (_, c) => [...train.keys()].filter((k) => train[k] === c).slice(200, 208)).flat();
    const known = { images: images.source('train', labelled), labels: labelled.map((k) => train[k]) };
    const dogs = [...expected.keys()].filter((k) => expected[k] === DOG);
    const own = { images: images.source('test', dogs), labels: dogs.map(() => DOG) };
    const [intact, regained] = [await recoverability(network, known, own), await recoverability(edited, known, own)];
    expect(intact).toBeGreaterThan(0.7);
    expect(regained).toBeLessThan(0.7 * intact);
  });
});
