import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { computeLogits, topClasses } from '../engine/evaluate.ts';
import { writeNpy } from '../formats/npy.ts';
import { randomWeights, residualNetwork } from '../network/fixtures/networks.ts';
import type { Unlearned } from '../unlearning/unlearn.ts';
import type { UnlearnRequest } from '../unlearning/unlearnRequest.ts';
import { evaluateCommand } from './commands/evaluate.ts';
import { unlearnCommand } from './commands/unlearn.ts';
import { readImages, readModel, writeModel } from './files.ts';
import { startNodeEngine } from './nodeEngine.ts';

const SIZE = 192;
let folder: string;
const at = (...path: string[]) => join(folder, ...path);
let counts: Record<'forget' | 'retain', number>;

/** A small network and pictures of many colours, those that it puts in class 2 apart from the others. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lab-unlearn-'));
  await startNodeEngine();
  await writeModel(residualNetwork(23), at('small'));
  const pixels = Uint8Array.from(randomWeights(5)([240 * SIZE], 0.5, 0.5).values, (x, k) => {
    const image = Math.floor(k / SIZE);
    return x * (1 + 6 * ((image * 7) % 5)) * [2, image % 3, image % 4][k % 3];
  });
  await writeFile(at('all.npy'), writeNpy([240, 8, 8, 3], pixels));
  const classes = topClasses(await computeLogits(await readModel(at('small')), await readImages(at('all.npy'))));
  const write = async (name: string, indices: readonly number[]) =>
    writeFile(at(`${name}.npy`), writeNpy([indices.length, 8, 8, 3], Uint8Array.from(indices.flatMap((k) => [...pixels.subarray(k * SIZE, (k + 1) * SIZE)]))));
  const [forget, retain] = [true, false].map((own) => [...classes.keys()].filter((k) => (classes[k] === 2) === own));
  await write('forget', forget);
  await write('retain', retain);
  await write('one', forget.slice(0, 1));
  await writeFile(at('labels.npy'), writeNpy([retain.length], Uint8Array.from(retain, (k) => classes[k])));
  await writeFile(at('wrong.npy'), writeNpy([retain.length], new Uint8Array(retain.length).fill(4)));
  counts = { forget: forget.length, retain: retain.length };
});
afterEach(() => void vi.restoreAllMocks());
afterAll(() => rm(folder, { recursive: true }));

async function runHere(command: Command, words: readonly string[]): Promise<void> {
  vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  await command.exitOverride().parseAsync(words, { from: 'user' });
}

async function json<T>(...path: string[]): Promise<T> {
  return JSON.parse(await readFile(at(...path), 'utf8')) as T;
}

const given = () => ['--model', at('small'), '--forget', at('forget.npy'), '--retain', at('retain.npy')];

interface Report extends Omit<Unlearned, 'network' | 'scores'> {
  readonly request: UnlearnRequest;
  readonly pictures: { readonly forget: number; readonly retain: number };
  readonly recoverability: { readonly before?: number; readonly after?: number };
  readonly scores: readonly { readonly layer: string; readonly forget: readonly number[] }[];
}

describe('lab unlearn', () => {
  it('writes a model that has forgotten what it is shown, and says so in the report', async () => {
    expect(counts.forget).toBeGreaterThan(20);
    await runHere(unlearnCommand(), [...given(), '--mu', '3', '--share', '0.2', '--layers', '4', '--out', at('out')]);
    const report = await json<Report>('out', 'report.json');
    expect(report.request).toMatchObject({ classes: [2], share: 0.2, mu: 3, head: true, compensate: 'forgetAware' });
    expect(report.pictures).toEqual(counts);
    const found = topClasses(await computeLogits(await readModel(at('out')), await readImages(at('forget.npy'))));
    expect(report.trial.forget).toBeCloseTo(found.filter((c) => c === 2).length / counts.forget, 6);
    expect(report.trial.forget).toBeLessThan(0.3);
    expect(report.destinations.before).toEqual([0, 0, counts.forget, 0]);
    expect(Object.keys(report.removed)).toEqual(['block2_conv1', 'block2_conv2', 'block2_shortcut', 'logits']);
    expect(report.scores.map(({ forget }) => forget.length)).toEqual([6, 7, 6, 8]);
  });

  it('knows the head from the layers before it, and the paper’s plain rule', async () => {
    await runHere(unlearnCommand(), [...given(), '--no-head', '--layers', '2', '--select', 'fidelity', '--compensate', 'scale', '--share', '0.3', '--out', at('plain')]);
    const { request, removed } = await json<Report>('plain', 'report.json');
    expect(request).toMatchObject({ head: false, select: 'fidelity', compensate: 'scale' });
    expect(Object.keys(removed)).toEqual(['block2_conv2', 'block2_shortcut']);
  });

  it('names what is wrong', async () => {
    const attempt = (...words: string[]) => runHere(unlearnCommand(), [...words, '--out', at('never')]);
    await expect(attempt('--model', at('small'), '--forget', at('one.npy'), '--retain', at('retain.npy'))).rejects.toMatchObject({ name: 'TooFewPicturesError' });
    await expect(attempt(...given(), '--class', '9')).rejects.toMatchObject({ name: 'ClassRangeError' });
    await expect(attempt(...given(), '--class', '1')).rejects.toMatchObject({ name: 'NeverPredictedError' });
    await expect(attempt(...given(), '--class', '0,1,2,3')).rejects.toMatchObject({ name: 'AllClassesError' });
    await expect(attempt(...given(), '--share', '1')).rejects.toThrow(/below 1/);
    await expect(readFile(at('never', 'report.json'))).rejects.toThrow(/ENOENT/);
  });
});

const words = (labels: string) => ['--model', at('small'), '--images', at('retain.npy'), '--labels', at(labels), '--per-class', '--out', at('evaluate.json')];

describe('lab evaluate --per-class', () => {
  it('counts each class by itself, and refuses labels that the network has no class for', async () => {
    await runHere(evaluateCommand(), words('labels.npy'));
    const { accuracy, classes } = await json<{ accuracy: number; classes: { class: number; images: number; accuracy: number | null }[] }>('evaluate.json');
    expect(accuracy).toBe(1);
    expect(classes.map(({ images }) => images).reduce((sum, images) => sum + images, 0)).toBe(counts.retain);
    expect(classes[2]).toEqual({ class: 2, images: 0, accuracy: null });
    expect(classes.filter(({ images }) => images > 0).map((own) => own.accuracy)).toEqual([1, 1]);
    await expect(runHere(evaluateCommand(), words('wrong.npy'))).rejects.toThrow(/label 4 of image 0 is out of range/);
  });
});
