import { readFile } from 'node:fs/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import type { ImageSource } from '../engine/imageSource.ts';
import { computeLogits, shareEqual, topClasses } from '../engine/evaluate.ts';
import type { Correlator } from '../engine/kernels/correlator.ts';
import type { Network } from '../network/network.ts';
import type { Compensation } from '../pruning/pruneRequest.ts';
import { NO_RULES } from '../pruning/widthRules.ts';
import { openDataFolder } from './commands/images.ts';
import { Evidence } from './evidence.ts';
import { pruneAsRequested, subjectOf } from './experiment.ts';
import { readModel } from './files.ts';
import { startNodeEngine } from './nodeEngine.ts';

// The shipped models on the full test set: what the page and the docs say of them must hold.

const PUBLIC = new URL('../../public/', import.meta.url).pathname;
const MODELS = [['resnet20-cifar10', 0.91], ['vgg-cifar10', 0.91], ['mobilenetv2-cifar10', 0.9]] as const;

let correlator: Correlator;
let test: { images: ImageSource; labels: Uint8Array };
let calibration: ImageSource;

beforeAll(async () => {
  correlator = await startNodeEngine();
  const data = await openDataFolder(`${PUBLIC}data/cifar10`);
  const count = data.count('test');
  expect(count).toBe(10_000);
  test = { images: data.source('test', Array.from({ length: count }, (_, k) => k)), labels: await data.labels('test') };
  calibration = data.source('train', data.calibrationIndices(512, 1));
});

async function accuracy(network: Network): Promise<number> {
  return shareEqual(topClasses(await computeLogits(network, test.images)), test.labels);
}

describe.each(MODELS)('%s', (id, least) => {
  it(`classifies at least ${100 * least} % of the test set, and the lab agrees with the script that trained it to 0.1 points`, async () => {
    const card = JSON.parse(await readFile(`${PUBLIC}models/${id}/card.json`, 'utf8')) as { accuracy: { accuracy: number; testImages: number } };
    const measured = await accuracy(await readModel(`${PUBLIC}models/${id}`));
    expect(card.accuracy.testImages).toBe(10_000);
    expect(measured).toBeGreaterThanOrEqual(least);
    expect(Math.abs(measured - card.accuracy.accuracy)).toBeLessThanOrEqual(0.001);
  }, 600_000);
});

describe('resnet20-cifar10 at 2.1 times fewer MACs, 512 calibration images, no gradient step', () => {
  const cases: { compensate: Compensation; least: number; name: string }[] = [
    { name: 'the paper’s recipe (singleton, scale, sequential, uniform)', compensate: 'scale', least: 0.6 },
    { name: 'least squares', compensate: 'leastSquares', least: 0.68 },
  ];
  it.each(cases)('keeps at least $least of the test set right with $name', async ({ compensate, least }) => {
    const subject = subjectOf(await readModel(`${PUBLIC}models/resnet20-cifar10`));
    const evidence = new Evidence(subject, calibration, correlator);
    const request = { target: { kind: 'macs', value: 0.476 }, select: 'singleton', compensate, order: 'sequential', allocate: 'uniform', renorm: false, rules: NO_RULES, seed: 1 } as const;
    const { network, macs } = await pruneAsRequested(evidence, request);
    expect(macs.after / macs.before).toBeLessThanOrEqual(0.476);
    expect(await accuracy(network)).toBeGreaterThanOrEqual(least);
  }, 600_000);
});
