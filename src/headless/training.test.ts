import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { encode } from 'fast-png';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { computeLogits, shareEqual, topClasses } from '../engine/evaluate.ts';
import { arraySource } from '../engine/fixtures/arrays.ts';
import { fineTune, type TrainingEpoch } from '../engine/training/fineTune.ts';
import { DEFAULT_TRAINING } from '../engine/training/trainingRequest.ts';
import { writeNpy } from '../formats/npy.ts';
import { randomWeights, residualNetwork } from '../network/fixtures/networks.ts';
import { compareForgettingCommand } from './commands/compareForgetting.ts';
import { finetuneCommand } from './commands/finetune.ts';
import type { ComparedMethod } from './comparedForgetting.ts';
import { readImages, readModel, writeModel } from './files.ts';
import { at, json, runHere } from './fixtures/workFolder.ts';

/** Pixels of pictures of 8 × 8 whose brightest channel, or none, says their class of four. */
function pictures(count: number, seed: number): { pixels: Uint8Array; labels: Uint8Array } {
  const labels = Uint8Array.from({ length: count }, (_, k) => k % 4);
  const noise = randomWeights(seed)([count * 192], 30, 40).values;
  return { labels, pixels: Uint8Array.from(noise, (value, k) => value + (k % 3 === labels[Math.floor(k / 192)] ? 60 : 0)) };
}

const TRAIN = pictures(64, 3);
const request = { ...DEFAULT_TRAINING, epochs: 10, batch: 16, rate: 0.05, flip: false, shift: 0 };

beforeAll(async () => {
  await writeFile(at('train.npy'), writeNpy([64, 8, 8, 3], TRAIN.pixels));
  await writeFile(at('labels.npy'), writeNpy([64], TRAIN.labels));
  await writeFile(at('wrong.npy'), writeNpy([64], new Uint8Array(64).fill(4)));
  const images = arraySource(Float32Array.from(TRAIN.pixels), [8, 8, 3]);
  const { network } = await fineTune({ network: await readModel(at('small')), images, target: { kind: 'labels', labels: TRAIN.labels }, correlator: undefined }, request);
  await writeModel(network, at('taught'));
  await writeModel(residualNetwork(9), at('other'));
});

const rightShare = async (model: string) => shareEqual(topClasses(await computeLogits(await readModel(at(model)), await readImages(at('train.npy')))), TRAIN.labels);

interface Report {
  readonly target: string;
  readonly steps: number;
  readonly epochs: readonly TrainingEpoch[];
  readonly curve: readonly { step: number; rate: number; loss: number; accuracy: number }[];
}

describe('lab finetune', () => {
  const given = { model: '', images: '', epochs: 4, batch: 16, rate: 0.05, 'no-augment': true } as const;

  it('learns labels, and writes the model with its curve', async () => {
    await runHere(finetuneCommand(), { ...given, model: at('small'), images: at('train.npy'), labels: at('labels.npy'), epochs: 8, out: at('learned') });
    const { target, steps, epochs, curve } = await json<Report>('learned', 'report.json');
    expect({ target, steps, epochs: epochs.length, curve: curve.length }).toEqual({ target: 'labels', steps: 32, epochs: 8, curve: 32 });
    expect(curve[0].rate).toBe(0.05);
    expect(epochs[7].loss).toBeLessThan(epochs[0].loss);
    expect(await rightShare('learned')).toBeGreaterThan((await rightShare('small')) + 0.2);
  });

  it('follows a teacher where there are no labels', async () => {
    await runHere(finetuneCommand(), { ...given, model: at('small'), images: at('train.npy'), teacher: at('taught'), epochs: 8, out: at('followed') });
    expect(await json<Report>('followed', 'report.json')).toMatchObject({ target: 'teacher' });
    expect(await rightShare('followed')).toBeGreaterThan((await rightShare('small')) + 0.2);
    // the model as it is teaches itself nothing new
    await runHere(finetuneCommand(), { ...given, model: at('taught'), images: at('train.npy'), 'weight-decay': 0, epochs: 1, out: at('same') });
    const { curve } = await json<Report>('same', 'report.json');
    expect(Math.max(...curve.map(({ loss }) => loss))).toBeLessThan(1e-6);
  });

  it('keeps the last good epoch where it diverges, and names what is wrong', async () => {
    const wild = { ...given, model: at('small'), images: at('train.npy'), labels: at('labels.npy'), rate: 200, clip: 0, batch: 64, epochs: 40 };
    await expect(runHere(finetuneCommand(), { ...wild, out: at('wild') })).rejects.toMatchObject({ name: 'DivergedError' });
    const { epochs } = await json<Report>('wild', 'report.json');
    expect(epochs.length).toBeGreaterThan(0);
    expect((await readModel(at('wild'))).nodes).toHaveLength((await readModel(at('small'))).nodes.length);
    const attempt = (words: Record<string, string | number>) => runHere(finetuneCommand(), { ...given, model: at('small'), images: at('train.npy'), out: at('never'), ...words });
    await expect(attempt({ labels: at('wrong.npy') })).rejects.toMatchObject({ name: 'LabelRangeError' });
    await expect(attempt({ labels: at('labels.npy'), rate: 0 })).rejects.toMatchObject({ name: 'TrainingSettingError' });
    await expect(attempt({ labels: at('labels.npy'), teacher: at('other') })).rejects.toMatchObject({ name: 'InputError' });
    await expect(readFile(at('never', 'report.json'))).rejects.toThrow(/ENOENT/);
  });
});

/** A data folder of one sheet a split. */
async function dataFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const split = async (name: string, count: number, seed: number) => {
    const { pixels, labels } = pictures(count, seed);
    const columns = 16;
    const rows = count / columns;
    const sheet = new Uint8Array(pixels.length);
    for (let k = 0; k < count; k++) for (let row = 0; row < 8; row++) {
      const target = ((Math.floor(k / columns) * 8 + row) * columns + (k % columns)) * 24;
      sheet.set(pixels.subarray(k * 192 + row * 24, k * 192 + (row + 1) * 24), target);
    }
    await writeFile(`${folder}/${name}.png`, encode({ width: columns * 8, height: rows * 8, data: sheet, channels: 3, depth: 8 }));
    await writeFile(`${folder}/${name}.bin`, labels);
    return { count, sheets: [{ file: `${name}.png`, count }], labels: `${name}.bin` };
  };
  const splits = { train: await split('train', 320, 3), test: await split('test', 320, 4) };
  await writeFile(`${folder}/index.json`, JSON.stringify({ id: 'noise', name: 'noise', classes: ['a', 'b', 'c', 'd'], image: { height: 8, width: 8, channels: 3 }, tiles: { columns: 16, rows: 20 }, splits }));
}

describe('lab compare-forgetting', () => {
  it('measures the intact network and every method on the same test pictures', async () => {
    await dataFolder(at('noise'));
    const rows: string[] = [];
    vi.spyOn(process.stdout, 'write').mockImplementation((text) => rows.push(String(text)) > 0);
    await runHere(compareForgettingCommand(), {
      model: at('taught'), data: at('noise'), class: 1, methods: 'ours,gradientAscent,fineTune', forget: 32, retain: 48, epochs: 2, out: at('compared.json'),
    });
    const { methods } = await json<{ methods: ComparedMethod[] }>('compared.json');
    expect(methods.map(({ method }) => method)).toEqual(['intact', 'ours', 'gradientAscent', 'fineTune']);
    expect(rows.map((row) => row.split(' ')[0])).toEqual(['method', 'intact', 'ours', 'gradientAscent', 'fineTune']);
    const [intact, ours, ascent, tuned] = methods;
    expect(intact).toMatchObject({ gradientSteps: 0, milliseconds: 0 });
    expect(intact.forget).toBeGreaterThan(0.7);
    expect(ours.forget).toBeLessThan(intact.forget);
    expect(tuned.gradientSteps).toBe(4);
    expect(ascent.gradientSteps).toBe(2);
    for (const own of methods) {
      for (const share of [own.forget, own.retain, own.membership, own.recoverability]) expect(share >= 0 && share <= 1).toBe(true);
    }
    const given = { model: at('taught'), data: at('noise'), out: at('never.json') };
    await expect(runHere(compareForgettingCommand(), { ...given, class: 1, methods: 'prayer' })).rejects.toThrow(/Expected some of ours/);
    await expect(runHere(compareForgettingCommand(), { ...given, class: 7 })).rejects.toMatchObject({ name: 'EmptyClassError' });
  });
});
