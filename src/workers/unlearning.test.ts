import { readFile } from 'node:fs/promises';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { PackedImages } from '../datasets/packedImages.ts';
import { CancelledError } from '../engine/job.ts';
import { computeLogits } from '../engine/evaluate.ts';
import { zipTfjsLayers } from '../formats/tfjsLayers.ts';
import { networkBuilder, nodeOfOp } from '../network/fixtures/networks.ts';
import type { Network } from '../network/network.ts';
import { ridgeProbe } from '../unlearning/ridgeProbe.ts';
import { DEFAULT_UNLEARN } from '../unlearning/unlearnRequest.ts';
import type { UnlearnTrial } from '../unlearning/unlearn.ts';
import { Engine } from './engine.ts';
import { forgetPictures } from './forgetPictures.ts';
import type { FineTuneReport, ForgetRequest } from './protocol.ts';

// Vite gives these imports as URLs of the built page; in Node the backend reads the files themselves.
vi.mock('@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm?url', async () => ({
  default: `${(await import('../engine/fixtures/wasmBackend.ts')).WASM_FOLDER}tfjs-backend-wasm-simd.wasm`,
}));
vi.mock('@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm?url', async () => ({
  default: `${(await import('../engine/fixtures/wasmBackend.ts')).WASM_FOLDER}tfjs-backend-wasm.wasm`,
}));

const SITE = 'http://lab.test/';
const TRUCK = 9;
const publicFile = (path: string) => readFile(new URL(`../../public/${path}`, import.meta.url));

/** Two random convolutions on shrunk CIFAR pictures; the head is fitted in closed form, so that it knows the classes a little. */
async function littleNetwork(images: PackedImages): Promise<Network> {
  const b = networkBuilder(4);
  const small = b.pool('small', b.rescaling('scaled', b.input('input', [32, 32, 3])), 'averagePool2d');
  const first = b.activation('first_relu', b.norm('first_norm', b.conv('first', small, [3, 3], 3, 12, { strides: [2, 2] }), 12), 'relu');
  const second = b.activation('second_relu', b.conv('second', first, [3, 3], 12, 24, { strides: [2, 2], bias: true }), 'relu');
  const network = b.build('little', b.dense('logits', b.globalPool('mean', second), 24, 10));
  const places = Array.from({ length: 600 }, (_, k) => k);
  const labels = await images.labels('train');
  const { values, classes: size } = await computeLogits({ ...network, outputs: ['mean'] }, images.source('train', places));
  const probe = ridgeProbe({ count: places.length, size, values }, places.map((k) => labels[k]), 10, 1e-3);
  const head = nodeOfOp(network, 'logits', 'dense');
  const kernel = { shape: [24, 10], values: Float32Array.from({ length: 240 }, (_, k) => probe.weights[(k % 10) * 24 + Math.floor(k / 10)]) };
  const fitted = { ...head, weights: { kernel, bias: { shape: [10], values: Float32Array.from(probe.bias) } } };
  return { ...network, nodes: network.nodes.map((node) => (node.id === 'logits' ? fitted : node)) };
}

const nobody = (): void => {};
let nextJob = 1;
let engine: Engine;
let network: Network;
let images: PackedImages;

const asked = (over: Partial<ForgetRequest['settings']> = {}, more: Partial<ForgetRequest> = {}): ForgetRequest =>
  ({ method: 'ours', settings: { ...DEFAULT_UNLEARN, classes: [TRUCK], layers: 2, ...over }, pictures: 64, ...more });
const attempt = (over: Partial<ForgetRequest['settings']>, more: Partial<ForgetRequest> = {}) => engine.unlearn(nextJob++, asked(over, more), nobody, nobody);
const at = (places: readonly number[]) => images.source('train', places);
const load = (loaded: Network) => engine.loadModel(nextJob++, { kind: 'files', files: [{ path: 'model.zip', file: new File([Uint8Array.from(zipTfjsLayers(loaded))], 'model.zip') }] }, nobody);

beforeAll(async () => {
  vi.stubGlobal('fetch', async (address: string) => new Response(Uint8Array.from(await publicFile(new URL(address).pathname.slice(1)))));
  engine = new Engine();
  await engine.start('auto');
  images = await PackedImages.open(async (file) => Uint8Array.from(await publicFile(`data/cifar10/${file}`)));
  network = await littleNetwork(images);
  await load(network);
  await engine.loadDataset(`${SITE}data/cifar10`);
});

describe('Engine.unlearn', () => {
  it('makes a copy forget, calls shares back as they are tried, and reports in plain data that crosses workers', async () => {
    const { tensors } = await engine.memory();
    const trials: UnlearnTrial[] = [];
    const seen: number[] = [];
    const { network: edited, report } = await engine.unlearn(nextJob++, asked(), (trial) => trials.push(trial), ({ done, total }) => seen.push(done / total));
    expect((await engine.memory()).tensors).toBe(tensors);
    expect(report.trials).toEqual(trials);
    expect(trials[0].share).toBe(0);
    expect(seen).toEqual(seen.toSorted((a, b) => a - b));
    expect(seen.at(-1)).toBeCloseTo(1, 6);
    expect(structuredClone(report)).toEqual(report);

    const { before, after, images: tested, truth, moved } = report.measures;
    expect([tested, truth]).toEqual([1000, 'labels']);
    expect(before.forget).toBeGreaterThan(0.2);
    expect(after.forget).toBeLessThan((before.forget ?? 0) / 2);
    const best = trials.slice(1).reduce((a, b) => (b.forget < a.forget ? b : a));
    expect(before.confusion.flat().reduce((sum, count) => sum + count)).toBe(1000);
    // what the report says is what the edited network does
    const labels = await images.labels('test');
    const scores = await computeLogits(edited, images.source('test', moved.map(({ index }) => index)));
    moved.forEach(({ index, after: now }, k) => {
      expect(labels[index]).toBe(TRUCK);
      const own = [...scores.values.subarray(10 * k, 10 * k + 10)];
      expect(own.indexOf(Math.max(...own))).toBe(now);
    });
    expect(report.removed.map(({ layer, node }) => [layer, node])).toEqual([['second', 'first_relu'], ['logits', 'mean']]);
    for (const { of, channels } of report.removed) {
      expect(channels.length).toBe(Math.max(1, Math.round(of * best.share)));
      // the first to leave has the greatest contrast
      const contrast = channels.map(({ forget, retain }) => forget - retain);
      expect(contrast).toEqual(contrast.toSorted((a, b) => b - a));
    }
    expect(report.headAlone).toBe(false);
    expect(report.recoverability?.before).toBeGreaterThan(0.2);
    expect(report.pictures).toEqual({ forget: 64, retain: 64, by: 'labels' });

    // the network that is open has not changed
    const whole = await engine.measureForgetting(nextJob++, { network: edited, classes: [TRUCK], images: 1000 }, nobody);
    expect(whole).toEqual(report.measures);
    expect((await engine.evaluate(nextJob++, { images: 100 }, nobody)).agreement).toBe(1);
  });

  it('says where the last layer was all that was edited', async () => {
    const { report } = await engine.unlearn(nextJob++, asked({ layers: 1, share: 0.1 }), nobody, nobody);
    expect(report).toMatchObject({ headAlone: true, removed: [{ layer: 'logits' }] });
    const { report: kept } = await engine.unlearn(nextJob++, asked({ layers: 1, share: 0.1, head: false }), nobody, nobody);
    expect(kept).toMatchObject({ headAlone: false, removed: [{ layer: 'second' }] });
  });

  it('runs the methods with gradient steps beside it, and measures them alike', async () => {
    const { tensors } = await engine.memory();
    for (const method of ['gradientAscent', 'jia'] as const) {
      const { report, network: edited } = await engine.unlearn(nextJob++, asked({}, { method, pictures: 16 }), nobody, nobody);
      expect(report).toMatchObject({ method, trials: [], removed: [], headAlone: false, measures: { images: 1000 } });
      expect(report.gradientSteps).toBeGreaterThan(0);
      expect(nodeOfOp(edited, 'first', 'conv2d').weights.kernel.values).not.toEqual(nodeOfOp(network, 'first', 'conv2d').weights.kernel.values);
      for (const share of [report.recoverability?.before, report.recoverability?.after, report.membership?.before, report.membership?.after]) {
        expect(share).toBeGreaterThanOrEqual(0);
        expect(share).toBeLessThanOrEqual(1);
      }
    }
    expect((await engine.memory()).tensors).toBe(tensors);
  });

  it('stops when it is cancelled, and frees what it held', async () => {
    const { tensors } = await engine.memory();
    for (const at of [0.02, 0.3, 0.7, 0.95]) {
      const job = nextJob++;
      const running = engine.unlearn(job, asked({ share: 0.1 }), nobody, ({ done, total }) => {
        if (done / total >= at) void engine.cancel(job);
      });
      await expect(running).rejects.toBeInstanceOf(CancelledError);
      expect((await engine.memory()).tensors).toBe(tensors);
    }
  });

  it('refuses what makes no sense, each by name', async () => {
    await expect(attempt({ classes: [] })).rejects.toMatchObject({ name: 'NoClassChosenError' });
    await expect(attempt({ classes: [10] })).rejects.toMatchObject({ name: 'ClassRangeError' });
    await expect(attempt({ classes: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9] })).rejects.toMatchObject({ name: 'AllClassesError' });
    await expect(attempt({}, { pictures: 1 })).rejects.toMatchObject({ name: 'TooFewPicturesError' });
    await expect(attempt({ share: 2 })).rejects.toMatchObject({ name: 'UnlearnSettingError' });
  });
});

describe('Engine.fineTune', () => {
  it('trains a copy on the classes that stay, tells steps and checkpoints, pauses and stops', async () => {
    const { tensors } = await engine.memory();
    const reports: FineTuneReport[] = [];
    const job = nextJob++;
    const training = { epochs: 2, rate: 0.01, batch: 16, seed: 1 };
    let paused = false;
    const running = engine.fineTune(job, { network, training, pictures: 64, without: [TRUCK] }, (report) => {
      reports.push(report);
      if (reports.length === 3) {
        paused = true;
        void engine.pauseFineTune(job, true);
        setTimeout(() => {
          paused = false;
          void engine.pauseFineTune(job, false);
        }, 100);
      } else expect(paused).toBe(false);
    }, nobody);
    const result = await running;
    expect(reports.map(({ kind }) => kind)).toEqual(['step', 'step', 'step', 'step', 'epoch', 'step', 'step', 'step', 'step', 'epoch']);
    expect(result).toMatchObject({ pictures: 64, steps: 8, measures: { images: 1000 } });
    expect(nodeOfOp(result.network, 'first', 'conv2d').weights.kernel.values).not.toEqual(nodeOfOp(network, 'first', 'conv2d').weights.kernel.values);
    expect((await engine.memory()).tensors).toBe(tensors);

    const other = nextJob++;
    const stopped = engine.fineTune(other, { network, training, pictures: 64, without: [] }, ({ kind }) => {
      if (kind === 'epoch') void engine.cancel(other);
    }, nobody);
    await expect(stopped).rejects.toBeInstanceOf(CancelledError);
    await expect(engine.fineTune(nextJob++, { network, training: { ...training, rate: -1 }, pictures: 64, without: [] }, nobody, nobody)).rejects.toMatchObject({ name: 'TrainingSettingError' });
    expect((await engine.memory()).tensors).toBe(tensors);
  });
});

describe('forgetPictures', () => {
  it('takes the first of each class evenly, and the first of the others', async () => {
    const labels = [0, 0, 0, 0, 1, 2, 1, 2, 0, 2, 1];
    const { forget, retain, by } = await forgetPictures(network, { count: labels.length, labels, at }, [0, 1], { forget: 4, retain: 2 });
    expect([by, forget.labels, retain.labels]).toEqual(['labels', [0, 0, 1, 1], [2, 2]]);
    expect(await forget.images.read(2, 1)).toEqual(await at([4]).read(0, 1));
    const few = await forgetPictures(network, { count: labels.length, labels, at }, [1], { forget: 9, retain: 9 });
    expect([few.forget.labels, few.retain.labels]).toEqual([[1, 1, 1], [0, 0, 0, 0, 2, 2, 0, 2]]);
  });

  it('lets the network tell pictures apart that have no labels', async () => {
    const { forget, retain, by } = await forgetPictures(network, { count: 400, at }, [TRUCK], { forget: 16, retain: 16 });
    expect(by).toBe('prediction');
    const said = async (source: typeof forget) => {
      const { values } = await computeLogits(network, source.images);
      return source.labels.length > 0 && Array.from({ length: source.images.count }, (_, k) => [...values.subarray(10 * k, 10 * k + 10)]).map((row) => row.indexOf(Math.max(...row)));
    };
    expect(await said(forget)).toEqual(forget.labels);
    expect(await said(retain)).toEqual(retain.labels);
    expect(new Set(Array.from(forget.labels))).toEqual(new Set([TRUCK]));
    expect(Array.from(retain.labels)).not.toContain(TRUCK);
  });
});
