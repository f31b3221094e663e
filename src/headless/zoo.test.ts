import { readFile } from 'node:fs/promises';
import { beforeAll, expect, it } from 'vitest';
import type { ImageSource } from '../engine/imageSource.ts';
import { computeLogits, shareEqual, topClasses } from '../engine/evaluate.ts';
import type { Correlator } from '../engine/kernels/correlator.ts';
import type { Network } from '../network/network.ts';
import type { PruneRequest } from '../pruning/pruneRequest.ts';
import { NO_RULES } from '../pruning/widthRules.ts';
import { openDataFolder } from './commands/images.ts';
import { Evidence } from './evidence.ts';
import { subjectOf } from '../pruning/subject.ts';
import { pruneAsRequested } from './experiment.ts';
import { readModel } from './files.ts';
import { parseMethod } from './method.ts';
import { startNodeEngine } from './nodeEngine.ts';

// The shipped models on the test set: what the page and the docs say of them must hold.

const PUBLIC = new URL('../../public/', import.meta.url).pathname;

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

it('resnet20-cifar10 classifies at least 91 % of the test set, and the lab agrees with the script that trained it to 0.1 points', async () => {
  const measured = await accuracy(await readModel(`${PUBLIC}models/resnet20-cifar10`));
  const card = await cardOf('resnet20-cifar10');
  expect(card.testImages).toBe(10_000);
  expect(measured).toBeGreaterThanOrEqual(0.91);
  expect(Math.abs(measured - card.accuracy)).toBeLessThanOrEqual(0.001);
}, 600_000);

it.each([['vgg-cifar10', 2000], ['mobilenetv2-cifar10', 2000], ['vit-cifar10', 1000], ['swin-cifar10', 1000]])('%s, on the first %i pictures of the test set, is as accurate as the script that trained it found on all of it, to two points', async (id, count) => {
  const logits = await computeLogits(await readModel(`${PUBLIC}models/${id}`), { ...test.images, count });
  expect(Math.abs(shareEqual(topClasses(logits), test.labels) - (await cardOf(id)).accuracy)).toBeLessThanOrEqual(0.02);
}, 600_000);

it.each(['vit-cifar10', 'swin-cifar10'])('%s classifies at least 80 % of the test set, by the script that trained it', async (id) => {
  expect((await cardOf(id)).accuracy).toBeGreaterThanOrEqual(0.8);
});

async function cardOf(id: string): Promise<{ accuracy: number; testImages: number }> {
  return (JSON.parse(await readFile(`${PUBLIC}models/${id}/card.json`, 'utf8')) as { accuracy: { accuracy: number; testImages: number } }).accuracy;
}

it('resnet20-cifar10 at 2.1 times fewer MACs keeps at least 85 % of the full test set right, with 512 calibration images and no gradient step', async () => {
  const evidence = new Evidence(subjectOf(await readModel(`${PUBLIC}models/resnet20-cifar10`)), calibration, correlator);
  const request: PruneRequest = { ...parseMethod('greedy/leastSquaresRelu/sequential/theory'), target: { kind: 'macs', value: 0.476 }, rules: NO_RULES, seed: 1 };
  const { network, macs } = await pruneAsRequested(evidence, request);
  expect(macs.after / macs.before).toBeLessThanOrEqual(0.476);
  expect(await accuracy(network)).toBeGreaterThanOrEqual(0.85);
}, 600_000);
