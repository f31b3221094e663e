import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { computeLogits, topClasses } from '../engine/evaluate.ts';
import { startWasm } from '../engine/fixtures/wasmBackend.ts';
import { pixelNetwork } from '../network/fixtures/pixelNetwork.ts';
import type { Sensitivity, SensitivityPoint } from '../sensitivity/results.ts';
import { classCounts } from '../unlearning/classCounts.ts';
import { judgeSensitivity } from './claims/sensitivityClaims.ts';
import { openDataFolder } from './commands/images.ts';
import { sensitivityCommand } from './commands/sensitivity.ts';
import { writeModel } from './files.ts';
import { sensitivityInput } from './sensitivityInput.ts';

const data = new URL('../../public/data/cifar10', import.meta.url).pathname;
const network = pixelNetwork(1, [32, 32, 3], [6, 5], 10);
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sensitivity-'));
  await writeModel(network, join(folder, 'tiny'));
});
afterAll(() => rm(folder, { recursive: true }));

/** Two points: real pictures at 90 %, and pictures from the network. */
function found(own: Partial<SensitivityPoint>): Pick<Sensitivity, 'intact' | 'points' | 'forgetClass' | 'testImages'> {
  const real: SensitivityPoint = { family: 'source', label: 'real pictures', images: 512, pruned: 0.9, forgotten: { forget: 0, retain: 0.92 } };
  return { forgetClass: 0, testImages: 2000, intact: { accuracy: 0.92, forget: 0.9, retain: 0.92 }, points: [real, { ...real, label: 'pictures from the network', ...own }] };
}

describe('the verdict on working without data', () => {
  it.each([
    ['reproduces', { pruned: 0.88, forgotten: { forget: 0.01, retain: 0.88 } }],
    ['partly', { pruned: 0.86, forgotten: { forget: 0.01, retain: 0.88 } }],
    ['partly', { pruned: 0.88, forgotten: { forget: 0.02, retain: 0.88 } }],
    ['partly', { pruned: 0.88, forgotten: { forget: 0, retain: 0.86 } }],
    ['does not', { pruned: 0.86, forgotten: undefined, why: 'no such class' }],
    ['does not', { pruned: undefined, forgotten: undefined, why: 'none are there' }],
  ] as const)('%s', (verdict, own) => {
    expect(judgeSensitivity(found(own)).verdict).toBe(verdict);
  });

  it('gives the figures of all conditions, and says what was not measured', () => {
    const { brief, ours } = judgeSensitivity(found({ pruned: 0.88, forgotten: { forget: 0.01, retain: 0.88 } }));
    expect(brief).toBe('−2.0 points after pruning; forget 1.0 %, retain −4.0');
    expect(ours).toContain('real pictures: 90.0 % / 0.0 % / 92.0 %; pictures from the network: 88.0 % / 1.0 % / 88.0 %');
    expect(judgeSensitivity(found({ pruned: undefined, forgotten: undefined, why: 'none are there' })).brief).toContain('none are there');
  });
});

describe('lab sensitivity', () => {
  it('prints a row for every condition of the families that are asked for, and writes what it measured; what is not there says so', async () => {
    await startWasm();
    const packed = await openDataFolder(data);
    const predicted = classCounts(topClasses(await computeLogits(network, packed.source('train', Array.from({ length: 400 }, (_, k) => k)))), 10);
    const second = [...predicted.keys()].sort((a, b) => predicted[b] - predicted[a])[1];
    vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    const said = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
    const out = join(folder, 'sensitivity.json');
    await sensitivityCommand().exitOverride().parseAsync(['--model', join(folder, 'tiny'), '--data', data, '--quick', '--only', 'source', '--class', String(second), '--out', out], { from: 'user' });
    const text = said.mock.calls.map(([line]) => String(line)).join('');
    vi.restoreAllMocks();
    const lines = text.trimEnd().split('\n');
    const result = JSON.parse(await readFile(out, 'utf8')) as Sensitivity;
    expect(lines).toHaveLength(2 + result.points.length);
    expect(lines[0]).toMatch(/^calibrated on +images +pruned +forget +retain +note$/);
    expect(lines.find((line) => line.startsWith('source: pictures from the network'))).toContain('There are no pictures made from this network (`lab synthesize` makes some)');
    expect(lines.find((line) => line.startsWith('source: dead leaves'))).toMatch(/ 64 +\d+\.\d %/);
    expect(result.points.map(({ family }) => family)).toEqual(Array.from({ length: 5 }, () => 'source'));
    expect(result.points.filter(({ pruned }) => pruned !== undefined)).toHaveLength(result.points.length - 1);
    expect(text).not.toMatch(/NaN|undefined/);
  });

  it('asks for a data folder that is there', async () => {
    await expect(sensitivityInput(network, { model: folder, data: join(folder, 'nowhere') }, { test: 10, seed: 1, forgetClass: 0, correlator: undefined })).rejects.toThrow(/nowhere/);
    const input = await sensitivityInput(network, { model: folder, data, other: join(folder, 'nowhere') }, { test: 10, seed: 1, forgetClass: 0, correlator: undefined });
    await expect(input.other?.()).rejects.toThrow('There are no pictures of another world in');
    expect(input.test.count).toBe(10);
  });
});
