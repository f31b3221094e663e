import { execFile } from 'node:child_process';
import { cp, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { computeLogits } from '../engine/evaluate.ts';
import { relativeError } from '../engine/fixtures/arrays.ts';
import { readNpy, writeNpy } from '../formats/npy.ts';
import { unzipTfjsLayers } from '../formats/tfjsLayers.ts';
import { costModel } from '../network/costModel.ts';
import { totalCost } from '../network/totalCost.ts';
import { networkCosts } from '../network/costs.ts';
import { couplingGroups } from '../network/coupling.ts';
import type { LayerChange } from '../pruning/layerChanges.ts';
import type { PruneRequest } from '../pruning/pruneRequest.ts';
import { exportCommand } from './commands/export.ts';
import { imagesCommand, openDataFolder } from './commands/images.ts';
import { inspectCommand } from './commands/inspect.ts';
import { pruneCommand } from './commands/prune.ts';
import { scoreCommand } from './commands/score.ts';
import { readImages, readModel } from './files.ts';
import { at, json, network, runHere } from './fixtures/workFolder.ts';

const root = new URL('../../', import.meta.url).pathname;
const shipped = join(root, 'public/models/resnet20-cifar10');
const data = join(root, 'public/data/cifar10');

beforeAll(() => runHere(imagesCommand(), { data, count: 32, out: at('test.npy'), labels: at('labels.npy') }));

/** The real thing: a process of its own. */
function lab(...words: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, ['--import', 'tsx', join(root, 'src/headless/main.ts'), ...words], { cwd: root }, (error, stdout, stderr) => {
      resolve({ code: error ? Number(error.code) : 0, stdout, stderr });
    });
  });
}

/** Opens a folder that the lab wrote with plain TensorFlow.js, from its files alone. */
async function plainModel(path: string): Promise<tf.LayersModel> {
  const file = JSON.parse(await readFile(join(path, 'model.json'), 'utf8')) as tf.io.ModelJSON;
  const [{ paths, weights }] = file.weightsManifest;
  const bytes = Uint8Array.from(Buffer.concat(await Promise.all(paths.map((shard) => readFile(join(path, shard))))));
  return tf.loadLayersModel(tf.io.fromMemory({ modelTopology: file.modelTopology, weightSpecs: weights, weightData: bytes.buffer }));
}

async function plainLogits(path: string, images: string): Promise<Float32Array> {
  const model = await plainModel(path);
  const { shape, values } = readNpy(await readFile(images));
  const x = tf.tensor(Float32Array.from(values), [...shape]);
  const output = model.predict(x) as tf.Tensor;
  const logits = (await output.data()) as Float32Array;
  tf.dispose([x, output]);
  model.dispose();
  return logits;
}

describe('lab images', () => {
  it('writes test images in order and their labels', async () => {
    const images = await openDataFolder(data);
    const { shape, type, values } = readNpy(await readFile(at('test.npy')));
    expect({ shape, type }).toEqual({ shape: [32, 32, 32, 3], type: 'u1' });
    expect([...(values as Uint8Array)]).toEqual([...(await images.pixels('test', Array.from({ length: 32 }, (_, k) => k)))]);
    const labels = readNpy(await readFile(at('labels.npy')));
    expect([...(labels.values as Uint8Array)]).toEqual([...(await images.labels('test')).subarray(0, 32)]);
  });

  it('chooses training images by seed, and their labels with them', async () => {
    const images = await openDataFolder(data);
    await runHere(imagesCommand(), { data, split: 'train', count: 20, seed: 4, out: at('train.npy'), labels: at('train-labels.npy') });
    const chosen = images.calibrationIndices(20, 4);
    expect([...(readNpy(await readFile(at('train.npy'))).values as Uint8Array)]).toEqual([...(await images.pixels('train', chosen))]);
    const all = await images.labels('train');
    expect([...(readNpy(await readFile(at('train-labels.npy'))).values as Uint8Array)]).toEqual(chosen.map((index) => all[index]));
  });
});

describe('lab evaluate', () => {
  it('gives the accuracy of plain TensorFlow.js, as a fraction, from a process of its own', async () => {
    const { code, stdout, stderr } = await lab('evaluate', '--model', shipped, '--images', at('test.npy'), '--labels', at('labels.npy'), '--out', at('deep', 'evaluate.json'));
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
    expect(stderr).toMatch(/evaluate 32\/32/);
    const logits = await plainLogits(shipped, at('test.npy'));
    const { values: labels } = readNpy(await readFile(at('labels.npy')));
    const top = Array.from({ length: 32 }, (_, k) => {
      const row = [...logits.subarray(k * 10, k * 10 + 10)];
      return row.indexOf(Math.max(...row));
    });
    expect(await json('deep', 'evaluate.json')).toEqual({ images: 32, accuracy: top.filter((c, k) => c === labels[k]).length / 32 });
  });
});

describe('lab inspect', () => {
  it('lists nodes, costs and groups', async () => {
    await runHere(inspectCommand(), { model: at('small'), out: at('inspect.json') });
    const { macs, parameters, bytes } = networkCosts(network);
    const report = await json<{ nodes: { id: string; macs: number }[] }>('inspect.json');
    expect(report).toMatchObject({ macs, params: parameters, bytes, groups: JSON.parse(JSON.stringify(couplingGroups(network))) as unknown[] });
    expect(report.nodes.map(({ id }) => id)).toEqual(network.nodes.map(({ id }) => id));
    expect(report.nodes.reduce((sum, node) => sum + node.macs, 0)).toBe(macs);
  });
});

describe('lab score', () => {
  it('scores every consumer of every group, under the names of model.json', async () => {
    await runHere(scoreCommand(), { model: shipped, images: at('test.npy'), out: at('score.json') });
    const { groups } = await json<{ groups: { name: string; channels: number; consumers: { node: string; n: number; m: number; energy: number; singleton: number[]; curve: number[] }[] }[] }>('score.json');
    const model = await readModel(shipped);
    const free = couplingGroups(model).filter(({ frozen }) => frozen === undefined);
    expect(groups.map(({ name, channels, consumers }) => [name, channels, consumers.map(({ node }) => node)])).toEqual(
      free.map(({ name, channels, consumers }) => [name, channels, consumers]),
    );
    for (const { channels, consumers } of groups) {
      for (const { n, m, energy, singleton, curve } of consumers) {
        expect([n, singleton.length, curve.length]).toEqual([channels, channels, channels]);
        expect(m).toBeGreaterThan(0);
        expect(energy).toBeGreaterThan(0);
        expect(singleton.every((score) => score >= 0 && score <= 1)).toBe(true);
        expect(curve[0]).toBeGreaterThanOrEqual(Math.max(...singleton) - 1e-6);
        expect(curve).toEqual([...curve].sort((a, b) => a - b));
        expect(curve.at(-1)).toBeCloseTo(1, 4);
      }
    }
  });
});

interface Report {
  readonly macs: { before: number; after: number };
  readonly params: { before: number; after: number };
  readonly keep: Record<string, number[]>;
  readonly milliseconds: Record<string, number>;
  readonly request: PruneRequest;
  readonly layers: LayerChange[];
  readonly latency?: { before: number; after: number };
}

async function prune(out: string, options: Record<string, string | number | true>, model = at('small'), images = at('small.npy')): Promise<Report> {
  await runHere(pruneCommand(), { model, images, out: at(out), ...options });
  return json<Report>(out, 'report.json');
}

async function halfKept(out: string, options: Record<string, string | number>): Promise<Report['keep']> {
  return (await prune(out, { target: 'channels=0.5', compensate: 'none', ...options })).keep;
}

describe('lab prune', () => {
  const free = couplingGroups(network).filter(({ frozen }) => frozen === undefined);

  it.each(['macs', 'params'] as const)('honours a %s target, and reports what the written model really costs', async (kind) => {
    for (const share of [0.8, 0.476, 0.3]) {
      const report = await prune(`${kind}-${share}`, { target: `${kind}=${share}`, order: 'oneShot' });
      const written = networkCosts(await readModel(at(`${kind}-${share}`)));
      expect(report.macs).toEqual({ before: networkCosts(network).macs, after: written.macs });
      expect(report.params).toEqual({ before: networkCosts(network).parameters, after: written.parameters });
      expect(report[kind].after).toBeLessThanOrEqual(share * report[kind].before);
      expect(report[kind].after).toBeGreaterThan(0.5 * share * report[kind].before);
      const widths = Object.fromEntries(Object.entries(report.keep).map(([name, kept]) => [name, kept.length]));
      expect(totalCost(costModel(network), widths).macs).toBe(written.macs);
    }
  });

  it('keeps the same fraction of every group for a channels target', async () => {
    const { keep } = await prune('channels', { target: 'channels=0.5', compensate: 'none' });
    for (const { name, channels } of free) expect(keep[name]).toHaveLength(Math.round(channels / 2));
  });

  it('keeps per group the least k whose fidelity reaches η', async () => {
    await runHere(scoreCommand(), { model: at('small'), images: at('small.npy'), out: at('small-score.json') });
    const { groups } = await json<{ groups: { name: string; channels: number; consumers: { singleton: number[] }[] }[] }>('small-score.json');
    const few = await prune('eta-low', { target: 'eta=0.5', compensate: 'scale', order: 'oneShot' });
    const many = await prune('eta-high', { target: 'eta=0.95', compensate: 'scale', order: 'oneShot' });
    for (const { name, channels, consumers } of groups) {
      expect(few.keep[name].length).toBeLessThanOrEqual(many.keep[name].length);
      expect(many.keep[name].length).toBeLessThanOrEqual(channels);
      // those of greatest summed singleton score
      const sum = Array.from({ length: channels }, (_, i) => consumers.reduce((total, { singleton }) => total + singleton[i], 0));
      const best = sum.map((_, i) => i).sort((a, b) => sum[b] - sum[a]).slice(0, few.keep[name].length).sort((a, b) => a - b);
      expect(few.keep[name]).toEqual(best);
    }
    expect(Object.values(few.keep).flat().length).toBeLessThan(Object.values(many.keep).flat().length);
  });

  it.each([
    ['none', 'oneShot'], ['scale', 'oneShot'], ['leastSquares', 'oneShot'], ['scale', 'sequential'], ['leastSquares', 'sequential'],
  ])('writes a model of the kept widths that plain TensorFlow.js opens with the lab’s logits (%s, %s)', async (compensate, order) => {
    const out = `plain-${compensate}-${order}`;
    const { keep, milliseconds } = await prune(out, { target: 'macs=0.6', compensate, order });
    const written = await readModel(at(out));
    const widths = new Map(couplingGroups(written).map(({ name, channels }) => [name, channels]));
    for (const [name, kept] of Object.entries(keep)) expect(widths.get(name)).toBe(kept.length);
    const { values } = await computeLogits(written, await readImages(at('small.npy')));
    expect(relativeError(await plainLogits(at(out), at('small.npy')), values)).toBeLessThan(1e-4);
    const { values: intact } = await computeLogits(network, await readImages(at('small.npy')));
    expect(relativeError(values, intact)).toBeGreaterThan(1e-3);
    expect(Object.keys(milliseconds).sort()).toEqual(['calibrate', 'compensate', 'select', 'surgery']);
  });

  it('prunes the shipped ResNet-20 to half its MACs, and the result opens in plain TensorFlow.js', async () => {
    const report = await prune('resnet', { target: 'macs=0.5' }, shipped, at('test.npy'));
    expect(report.macs.after).toBeLessThanOrEqual(report.macs.before / 2);
    expect(report.macs.after).toBeGreaterThan(report.macs.before * 0.45);
    const [intact, pruned] = [await plainLogits(shipped, at('test.npy')), await plainLogits(at('resnet'), at('test.npy'))];
    const error = pruned.reduce((sum, z, k) => sum + (z - intact[k]) ** 2, 0) / intact.reduce((sum, z) => sum + z * z, 0);
    expect(error).toBeGreaterThan(0);
    expect(error).toBeLessThan(0.5); // on the calibration pictures themselves
  });

  it('obeys rules, names them in the report, and lists every layer before and after', async () => {
    const rules = { protect: 'block1_conv2', multiple: 2, floor: 0.3, set: 'block1_conv1=3', 'at-least': 'block2_conv1=5' };
    const report = await prune('ruled', { target: 'channels=0.2', compensate: 'scale', order: 'oneShot', ...rules });
    expect(report.request.rules).toEqual({
      multiple: 2,
      floor: 0.3,
      // block1_conv2 makes the channels of the stem's group
      groups: { stem: { kind: 'protect' }, block1_conv1: { kind: 'width', channels: 3 }, block2_conv1: { kind: 'atLeast', channels: 5 } },
    });
    const widths = Object.fromEntries(Object.entries(report.keep).map(([name, kept]) => [name, kept.length]));
    expect(widths).toEqual({ stem: 6, block1_conv1: 3, block2_conv1: 6, block2_conv2: 4 });
    const costs = networkCosts(await readModel(at('ruled')));
    expect(report.layers.map(({ layer }) => layer)).toEqual(network.nodes.slice(1).map(({ id }) => id));
    for (const { layer, macs, parameters, milliseconds } of report.layers) {
      expect({ macs: macs.after, parameters: parameters.after }).toEqual(costs.nodes.get(layer));
      expect(milliseconds).toBeUndefined();
    }
    expect(report.layers.find(({ layer }) => layer === 'block2_conv2')?.channels).toEqual({ in: { before: 7, after: 6 }, out: { before: 8, after: 4 } });
  });

  it('with --measure times every step before and after, and the whole run', async () => {
    const { layers, latency } = await prune('measured', { target: 'macs=0.5', compensate: 'none', measure: true });
    const timed = layers.filter(({ milliseconds }) => milliseconds);
    expect(timed.length + layers.filter(({ timedWith }) => timedWith !== undefined).length).toBe(layers.length);
    for (const { milliseconds } of timed) expect([milliseconds?.before, milliseconds?.after].every((ms) => Number.isFinite(ms))).toBe(true);
    expect(latency?.before).toBeGreaterThan(0);
    expect(latency?.after).toBeGreaterThan(0);
  });

  it('selects at random by seed, and each selection differs', async () => {
    expect(await halfKept('r1', { select: 'random', seed: 1 })).toEqual(await halfKept('r1b', { select: 'random', seed: 1 }));
    const all = [await halfKept('r2', { select: 'random', seed: 2 }), await halfKept('r3', { select: 'random', seed: 1 }), await halfKept('l1', { select: 'l1' }), await halfKept('s', { select: 'singleton' })];
    expect(new Set(all.map((sets) => JSON.stringify(sets))).size).toBe(4);
  });
});

describe('lab export', () => {
  it('writes a folder that is the same model, and a zip that is the same network', async () => {
    await runHere(exportCommand(), { model: shipped, out: at('copy') });
    expect((await readdir(at('copy'))).sort()).toEqual(['model.json', 'weights.bin']);
    expect(await readModel(at('copy'))).toEqual(await readModel(shipped));
    expect(relativeError(await plainLogits(at('copy'), at('test.npy')), await plainLogits(shipped, at('test.npy')))).toBeLessThan(1e-5);
    await runHere(exportCommand(), { model: at('small'), out: at('small.zip') });
    expect(await unzipTfjsLayers(new Uint8Array(await readFile(at('small.zip'))))).toEqual(await readModel(at('small')));
  });
});

function words(options: Record<string, string>): string[] {
  return Object.entries(options).flatMap(([name, value]) => [`--${name}`, value]);
}

function evaluateBadly(options: Record<string, string>): ReturnType<typeof lab> {
  return lab('evaluate', ...words({ model: shipped, images: at('test.npy'), labels: at('labels.npy'), out: at('no.json'), ...options }));
}

function pruneBadly(options: Record<string, string>): ReturnType<typeof lab> {
  return lab('prune', ...words({ model: at('small'), images: at('small.npy'), target: 'macs=0.5', out: at('no'), ...options }));
}

describe('a mistake', { concurrent: true }, () => {
  const cases: [string, () => Promise<{ code: number; stdout: string; stderr: string }>, RegExp][] = [
    ['a model that is not there', () => evaluateBadly({ model: at('nowhere') }), /no model file .*nowhere.model\.json/],
    ['a model.json that is not JSON', async () => {
      await cp(at('small'), at('broken'), { recursive: true });
      await writeFile(at('broken', 'model.json'), '{"format":');
      return evaluateBadly({ model: at('broken') });
    }, /model\.json is not JSON/],
    ['weights that are cut short', async () => {
      await cp(at('small'), at('short'), { recursive: true });
      const weights = await readFile(at('short', 'weights.bin'));
      await writeFile(at('short', 'weights.bin'), weights.subarray(0, weights.length - 10));
      return evaluateBadly({ model: at('short') });
    }, /TruncatedWeightsError: .*weights\.bin.*cut short/],
    ['weights that are NaN', async () => {
      await cp(at('small'), at('nan'), { recursive: true });
      const weights = await readFile(at('nan', 'weights.bin'));
      weights.writeFloatLE(Number.NaN, 40);
      await writeFile(at('nan', 'weights.bin'), weights);
      return evaluateBadly({ model: at('nan') });
    }, /NonFiniteWeightsError: .*"stem"/],
    ['labels for another number of images', async () => {
      await writeFile(at('few.npy'), writeNpy([31], new Uint8Array(31)));
      return evaluateBadly({ labels: at('few.npy') });
    }, /few\.npy has shape 31, but there are 32 images/],
    ['a picture with NaN', async () => {
      await writeFile(at('holes.npy'), floatNpy([2, 8, 8, 3], (k) => (k === 200 ? Number.NaN : 1)));
      return lab('score', '--model', at('small'), '--images', at('holes.npy'), '--out', at('no.json'));
    }, /holes\.npy has the value NaN in image 1/],
    ['pictures of another shape', () => lab('prune', '--model', at('small'), '--images', at('test.npy'), '--target', 'macs=0.5', '--out', at('no')), /InputShapeError: .*32 × 32 × 3.*8 × 8 × 3/],
    ['an array that is none', () => evaluateBadly({ images: join(root, 'package.json') }), /NpyError: Not a \.npy file/],
    ['a target of an unknown kind', () => pruneBadly({ target: 'flops=0.5' }), /flops=0\.5.*macs, params, latency, channels, eta/],
    ['a target above 1', () => pruneBadly({ target: 'macs=1.5' }), /macs=1\.5.*at most 1/],
    ['a target that no plan reaches', () => lab('prune', '--model', at('small'), '--images', at('small.npy'), '--target', 'macs=0.00001', '--out', at('no')), /UnreachableTargetError: macs=0\.00001.*least widths that the rules allow/],
    ['a target that the rules do not allow', () => pruneBadly({ protect: 'stem,block1_conv1,block2_conv1,block2_conv2' }), /UnreachableTargetError: macs=0\.5 cannot be reached: the least widths that the rules allow already take 100\.00 %/],
    ['a rule for a group that is not there', () => pruneBadly({ protect: 'stem,conv9' }), /UnknownGroupError: .*"conv9".*It has: stem, block1_conv1, block2_conv1, block2_conv2\./],
    ['a width above what there is', () => pruneBadly({ set: 'stem=7' }), /RuleWidthError: Group "stem" has 6 channels and cannot keep 7/],
    ['a width of zero', () => pruneBadly({ set: 'stem=0' }), /stem=0.*whole number from 1 on/],
    ['a width of a group that must stay whole', () => pruneBadly({ set: 'logits=2' }), /FrozenGroupError: Group "logits" cannot be cut: it holds the network's output/],
    ['two rules of one group', () => pruneBadly({ protect: 'stem', 'at-least': 'stem=3' }), /RuleConflictError: Group "stem" has more than one rule/],
    ['a floor above 1', () => pruneBadly({ floor: '10' }), /'10' is invalid.*from 0 to 1/],
    ['a target without a value', () => pruneBadly({ target: 'macs' }), /'macs' is invalid.*at most 1/],
    ['an unknown selection', () => pruneBadly({ select: 'best' }), /best.*singleton, greedy, backward/],
    ['an option that is missing', () => lab('score', '--model', at('small'), '--out', at('no.json')), /either --images or/],
  ];
  it.each(cases)('%s ends with exit code 1 and one clear line', async (_, run, line) => {
    const { code, stdout, stderr } = await run();
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
    expect(stderr).toMatch(line);
    expect(stderr).not.toMatch(/\n\s+at |node:internal/);
    await expect(stat(at('no.json'))).rejects.toThrow(/ENOENT/);
  });
});

describe('help', { concurrent: true }, () => {
  it.each(['evaluate', 'score', 'prune', 'export'])('of %s is printed to stdout, with its options', async (command) => {
    const { code, stdout, stderr } = await lab(command, '--help');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/--model <path>/);
    expect(stdout).toMatch(/--out <path>/);
  });

  it('of the lab names every command', async () => {
    const { code, stdout } = await lab('--help');
    expect(code).toBe(0);
    for (const command of ['evaluate', 'score', 'prune', 'frontier', 'claims', 'inspect', 'export', 'images']) expect(stdout).toMatch(new RegExp(`^\\s+${command} `, 'm'));
  });
});

/** `.npy` of float32. */
function floatNpy(shape: readonly number[], value: (k: number) => number): Uint8Array {
  const count = shape.reduce((product, axis) => product * axis, 1);
  const bytes = writeNpy([count * 4], new Uint8Array(Float32Array.from({ length: count }, (_, k) => value(k)).buffer));
  const start = bytes.length - count * 4;
  const header = `{'descr': '<f4', 'fortran_order': False, 'shape': (${shape.join(', ')}), }`;
  bytes.set(new TextEncoder().encode(`${header.padEnd(start - 11)}\n`), 10);
  return bytes;
}
