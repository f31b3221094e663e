import { readFile } from 'node:fs/promises';
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { computeLogits, shareEqual, topClasses } from '../engine/evaluate.ts';
import { shippedImages, testImages } from '../engine/fixtures/shipped.ts';
import { CancelledError } from '../engine/job.ts';
import { calibrate } from '../engine/calibrate.ts';
import { zipTfjsLayers } from '../formats/tfjsLayers.ts';
import { coupling, couplingGroups } from '../network/coupling.ts';
import { networkBuilder } from '../network/fixtures/networks.ts';
import type { Network } from '../network/network.ts';
import { prune } from '../network/surgery.ts';
import { consumerLayers } from '../pruning/consumerLayers.ts';
import { channelOrder, groupCurve, groupScores } from '../pruning/groupFidelity.ts';
import { oneShotPlan } from '../pruning/oneShotPlan.ts';
import { normScores } from '../pruning/criteria/filterNorms.ts';
import { StatisticsStore } from '../pruning/statisticsStore.ts';
import { Engine } from './engine.ts';
import { Fidelity } from './fidelity.ts';
import type { FidelityUpdate, ModelSource, Progress, StatisticsMessage } from './protocol.ts';

// Vite gives these imports as URLs of the built page; in Node the backend reads the files themselves.
vi.mock('@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm?url', async () => ({
  default: `${(await import('../engine/fixtures/wasmBackend.ts')).WASM_FOLDER}tfjs-backend-wasm-simd.wasm`,
}));
vi.mock('@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm?url', async () => ({
  default: `${(await import('../engine/fixtures/wasmBackend.ts')).WASM_FOLDER}tfjs-backend-wasm.wasm`,
}));

const SITE = 'http://lab.test/some/path/';

/** Answers from `public/` as a static host would. */
async function staticHost(address: string | URL | Request): Promise<Response> {
  const { pathname } = new URL(address instanceof Request ? address.url : address);
  const file = new URL(`../../public/${pathname.replace('/some/path/', '')}`, import.meta.url);
  try {
    return new Response(Uint8Array.from(await readFile(file)));
  } catch {
    return new Response('<html>', { status: 404, statusText: 'Not Found' });
  }
}

/** A small residual network on CIFAR pictures. */
function smallNetwork(seed: number, name = 'small'): Network {
  const b = networkBuilder(seed);
  const pixels = b.norm('pixels', b.input('input', [32, 32, 3]), 3);
  const stem = b.activation('stem_relu', b.norm('stem_norm', b.conv('stem', pixels, [3, 3], 3, 6, { strides: [2, 2] }), 6), 'relu');
  const inner = b.activation('inner_relu', b.norm('inner_norm', b.conv('inner', b.pool('pool', stem, 'maxPool2d'), [3, 3], 6, 5), 5), 'relu');
  const outer = b.norm('outer_norm', b.conv('outer', inner, [3, 3], 5, 6), 6);
  const sum = b.activation('sum_relu', b.add('sum', outer, 'pool'), 'relu');
  const network = b.build(name, b.dense('logits', b.globalPool('mean', sum), 6, 10));
  // pixels are 0–255
  return {
    ...network,
    nodes: network.nodes.map((node) =>
      node.id === 'pixels' && node.op === 'batchNorm'
        ? { ...node, weights: { ...node.weights, variance: { shape: [3], values: Float32Array.of(4000, 4000, 4000) }, mean: { shape: [3], values: Float32Array.of(120, 120, 120) } } }
        : node),
  };
}

function filesOf(network: Network): ModelSource {
  return { kind: 'files', files: [{ path: 'model.zip', file: new File([Uint8Array.from(zipTfjsLayers(network))], 'model.zip') }] };
}

const nobody = (): void => {};
const network = smallNetwork(1);
let engine: Engine;
let nextJob = 1;

beforeAll(async () => {
  vi.stubGlobal('fetch', staticHost);
  engine = new Engine();
  const report = await engine.start('auto');
  expect(report).toMatchObject({ name: 'wasm', software: false });
  await engine.loadDataset(`${SITE}data/cifar10`);
});
beforeEach(async () => {
  vi.stubGlobal('fetch', staticHost);
  await engine.loadModel(nextJob++, filesOf(network), nobody);
});
afterEach(() => {
  vi.unstubAllGlobals();
});

/** What a fidelity worker should end up with after these calibration images, computed directly. */
async function direct(of: Network, images: number, seed: number) {
  const layers = consumerLayers(of, coupling(of));
  const store = new StatisticsStore(layers);
  const data = await shippedImages();
  await calibrate(of, layers, data.source('train', data.calibrationIndices(images, seed)), undefined, (batch) => store.add(batch));
  return { layers, measures: store.measures() };
}

async function expectScores(update: FidelityUpdate, of: Network, images: number, seed: number): Promise<void> {
  const { layers, measures } = await direct(of, images, seed);
  expect(update).toMatchObject({ images, total: images });
  const expected = groupScores(layers, measures);
  expect(update.groups.map(({ name }) => name)).toEqual(expected.map(({ name }) => name));
  for (const [at, { name, singleton, curves }] of update.groups.entries()) {
    singleton.forEach((score, i) => expect(score).toBeCloseTo(expected[at].singleton[i], 5));
    for (const method of ['scale', 'leastSquares'] as const) {
      const curve = groupCurve(name, channelOrder(expected[at].singleton), layers, measures, method);
      expect(curves[method]).toHaveLength(curve.length);
      curves[method].forEach((fs, k) => expect(fs).toBeCloseTo(curve[k], 4));
    }
  }
}

describe('Engine', () => {
  it('loads a model from a static host, with progress in bytes, and says what it is', async () => {
    const reports: Progress[] = [];
    const loaded = await engine.loadModel(nextJob++, { kind: 'url', url: `${SITE}models/resnet20-cifar10` }, (progress) => reports.push(progress));
    const card = JSON.parse(await readFile(new URL('../../public/models/resnet20-cifar10/card.json', import.meta.url), 'utf8')) as Record<string, number>;
    expect(loaded.cost).toEqual({ macs: card.macs, params: card.parameters, bytes: card.bytes });
    expect(loaded.inputShape).toEqual([32, 32, 3]);
    expect(loaded.nodes.map(({ id }) => id)).toEqual(loaded.network.nodes.map(({ id }) => id));
    expect(loaded.groups).toEqual(couplingGroups(loaded.network));
    expect(reports.at(-1)?.done).toBeGreaterThan(500_000);
  });

  it('loads a data set’s index and gives its pictures with their labels', async () => {
    expect(await engine.loadDataset(`${SITE}data/cifar10/`)).toMatchObject({ id: 'cifar10', shape: [32, 32, 3], test: 10_000 });
    const data = await shippedImages();
    const [picture] = await engine.pictures('test', [7]);
    expect(picture).toMatchObject({ index: 7, width: 32, height: 32, label: (await data.labels('test'))[7] });
    const pixels = await data.pixels('test', [7]);
    expect([...picture.rgba.subarray(0, 8)]).toEqual([pixels[0], pixels[1], pixels[2], 255, pixels[3], pixels[4], pixels[5], 255]);
  });

  it('times the steps of the intact network and of a plan, and stops when it is cancelled', async () => {
    const reports: Progress[] = [];
    const [intact, pruned] = [await engine.layerTimes(nextJob++, { batch: 1 }, (progress) => reports.push(progress)), await engine.layerTimes(nextJob++, { plan: { keep: { inner: [0, 3] }, weights: {} }, batch: 1 }, nobody)];
    expect(intact.flatMap(({ layers }) => layers)).toEqual(expect.arrayContaining(['stem', 'inner_relu', 'sum', 'logits']));
    expect(pruned.map(({ layers }) => layers)).toEqual(intact.map(({ layers }) => layers));
    expect(reports.at(-1)?.done).toBe(reports.at(-1)?.total);
    const job = nextJob++;
    const stopped = expect(engine.layerTimes(job, { batch: 1 }, nobody)).rejects.toBeInstanceOf(CancelledError);
    await engine.cancel(job);
    await stopped;
  });

  it('keeps the model it has when another cannot be loaded', async () => {
    await expect(engine.loadModel(nextJob++, { kind: 'url', url: `${SITE}models/nowhere` }, nobody)).rejects.toThrow(/404/);
    await expect(engine.loadModel(nextJob++, { kind: 'files', files: [] }, nobody)).rejects.toThrow(/model\.json/);
    expect((await engine.evaluate(nextJob++, { images: 10 }, nobody)).agreement).toBe(1);
  });

  it('measures accuracy, agreement and per-class hits as they are', async () => {
    const plan = { keep: { stem: [0, 2, 3] }, weights: {} };
    const images = await testImages(0, 90);
    const [intact, pruned] = [await computeLogits(network, images), await computeLogits(prune(network, plan), images)];
    const labels = (await (await shippedImages()).labels('test')).subarray(0, 90);
    const evaluation = await engine.evaluate(nextJob++, { plan, images: 90 }, nobody);
    expect(evaluation.images).toBe(90);
    expect([...evaluation.labels]).toEqual([...labels]);
    expect([...evaluation.predictions]).toEqual([...topClasses(pruned)]);
    expect(evaluation.accuracy).toBe(shareEqual(topClasses(pruned), labels));
    expect(evaluation.agreement).toBe(shareEqual(topClasses(pruned), topClasses(intact)));
    expect(evaluation.logitError).toBeGreaterThan(0);
    expect(evaluation.perClass.reduce((sum, { total }) => sum + total, 0)).toBe(90);
    expect(evaluation.perClass.reduce((sum, { correct }) => sum + correct, 0) / 90).toBeCloseTo(evaluation.accuracy ?? Number.NaN, 12);
    const whole = await engine.evaluate(nextJob++, { images: 40 }, nobody);
    expect(whole).toMatchObject({ images: 40, agreement: 1, logitError: 0 });
  });

  it('runs evaluations of different lengths side by side', async () => {
    const plan = { keep: { inner: [1, 3] }, weights: {} };
    const alone = await engine.evaluate(nextJob++, { plan, images: 100 }, nobody);
    await engine.loadModel(nextJob++, filesOf(network), nobody);
    const long = engine.evaluate(nextJob++, { plan, images: 100 }, nobody);
    const short = engine.evaluate(nextJob++, { plan, images: 40 }, nobody);
    const both = await Promise.all([long, short]);
    expect(both[0]).toMatchObject({ agreement: alone.agreement, logitError: alone.logitError });
    expect(both[1].images).toBe(40);
    expect(await engine.evaluate(nextJob++, { plan, images: 100 }, nobody)).toMatchObject({ agreement: alone.agreement, logitError: alone.logitError });
  });

  it.each([[40, 100], [100, 40], [70, 70]])('also where one begins just before the other ends (%i and %i images)', async (first, second) => {
    let other: Promise<unknown> | undefined;
    const begun = engine.evaluate(nextJob++, { images: first }, ({ done, total }) => {
      if (done === total) other ??= engine.evaluate(nextJob++, { images: second }, nobody);
    });
    await expect(begun).resolves.toMatchObject({ images: first, agreement: 1 });
    await expect(other).resolves.toMatchObject({ images: second, agreement: 1 });
  });

  it('never compares a model with the logits of another that was loaded before it', async () => {
    const plan = { keep: { stem: [0, 1, 2, 3, 4, 5] }, weights: {} };
    // the old model's evaluation ends after the new one is loaded
    let loading: Promise<unknown> | undefined;
    await engine.evaluate(nextJob++, { images: 100 }, () => {
      loading ??= engine.loadModel(nextJob++, filesOf(smallNetwork(2)), nobody);
    });
    await loading;
    expect(await engine.evaluate(nextJob++, { plan, images: 100 }, nobody)).toMatchObject({ agreement: 1, logitError: 0 });
  });

  it('names what is missing before a model or data set is there', async () => {
    const empty = new Engine();
    await expect(empty.evaluate(1, { images: 1 }, nobody)).rejects.toThrow('No model is loaded.');
    await empty.loadModel(nextJob++, filesOf(network), nobody);
    await expect(empty.evaluate(1, { images: 1 }, nobody)).rejects.toThrow('No data set is loaded.');
  });

  it('cancels the job that is named, within a batch, and no other', async () => {
    const [cancelled, other] = [nextJob++, nextJob++];
    const { tensors } = await engine.memory();
    let told = 0;
    const running = engine.evaluate(cancelled, { images: 2000 }, ({ done }) => {
      told = done;
      void engine.cancel(cancelled);
    });
    const beside = engine.evaluate(other, { images: 60 }, nobody);
    await expect(running).rejects.toBeInstanceOf(CancelledError);
    await expect(beside).resolves.toMatchObject({ images: 60 });
    expect(told).toBeLessThan(2000);
    expect((await engine.memory()).tensors).toBe(tensors);
    await expect(engine.cancel(12345)).resolves.toBeUndefined();
  });

  it('holds as many tensors after ten rounds of pruning and evaluating as before', async () => {
    await engine.loadModel(nextJob++, { kind: 'url', url: `${SITE}models/resnet20-cifar10` }, nobody).then(async ({ groups }) => {
      await engine.evaluate(nextJob++, { images: 16 }, nobody);
      const before = await engine.memory();
      const free = groups.filter(({ frozen }) => frozen === undefined);
      for (let round = 0; round < 10; round++) {
        const keep = Object.fromEntries(free.map(({ name, channels }) => [name, Array.from({ length: channels - round }, (_, i) => i)]));
        await engine.evaluate(nextJob++, { plan: { keep, weights: {} }, images: 16 }, nobody);
      }
      const last = Object.fromEntries(free.map(({ name, channels }) => [name, Array.from({ length: channels / 2 }, (_, i) => 2 * i)]));
      const plan = await engine.pruneSequentially(nextJob++, { keep: last, compensate: 'scale', images: 8, seed: 1 }, nobody);
      await engine.evaluate(nextJob++, { plan, images: 16 }, nobody);
      expect(await engine.memory()).toEqual(before);
    });
  });
});

/** Calibrates into `fidelity`; what rejects is for the test to look at. */
async function stream(fidelity: Fidelity, images: number, seed: number, job = nextJob++) {
  const { port1, port2 } = new MessageChannel();
  const updates: FidelityUpdate[] = [];
  const accumulated = fidelity.accumulate(port2, (update) => updates.push(update));
  accumulated.catch(nobody);
  const calibrated = engine.calibrate(job, { images, seed }, port1, nobody);
  calibrated.catch(nobody);
  return { accumulated, calibrated, updates };
}

describe('Engine to Fidelity over a port', () => {
  it('the streamed scores and curves are those of a direct computation, and the last update is final', async () => {
    const fidelity = new Fidelity();
    const norms = await fidelity.begin(network);
    const stem = couplingGroups(network).find(({ name }) => name === 'stem');
    expect(norms.stem.l1).toEqual([...(stem ? normScores(network, coupling(network), stem, 'l1') : [])]);
    const { accumulated, calibrated, updates } = await stream(fidelity, 200, 5);
    const update = await accumulated;
    expect(await calibrated).toMatchObject({ images: 200 });
    await expectScores(update, network, 200, 5);
    expect(updates.at(-1)).toEqual(update);
    expect(updates.map(({ images }) => images)).toEqual(updates.map(({ images }) => images).sort((a, b) => a - b));

    const keep = { stem: [0, 2, 4], inner: [1, 2, 3] };
    const { layers, measures } = await direct(network, 200, 5);
    const expected = oneShotPlan(layers, measures.statistics, keep, 'scale');
    const plan = await fidelity.compensate(keep, 'scale');
    expect(Object.keys(plan.weights)).toEqual(Object.keys(expected.weights));
    for (const [id, { kernel }] of Object.entries(plan.weights)) {
      kernel.values.forEach((value, k) => expect(value).toBeCloseTo(expected.weights[id].kernel.values[k], 3));
    }
    const detail = await fidelity.detail('inner', 3, () => {});
    expect(detail).toMatchObject({ name: 'inner', band: { permutations: 200 } });
    expect(detail.greedy).toHaveLength(5);
  });

  it('every sum is transferred, not copied, and the stream ends once', async () => {
    const kinds: string[] = [];
    const port = {
      postMessage: (message: StatisticsMessage, buffers: Transferable[]) => {
        kinds.push(message.kind);
        if (message.kind !== 'batch') return;
        expect(message.layers.length).toBeGreaterThan(2);
        structuredClone(message, { transfer: buffers });
        for (const sums of message.layers) expect('gram' in sums && sums.gram.byteLength).toBe(0);
      },
      close: () => kinds.push('close'),
    };
    await engine.calibrate(nextJob++, { images: 150, seed: 1 }, port as unknown as MessagePort, nobody);
    expect(kinds.filter((kind) => kind === 'batch').length).toBeGreaterThan(1);
    expect(kinds.slice(-2)).toEqual(['end', 'close']);
  });

  it('a cancelled calibration rejects, and the fidelity side still ends, with what came', async () => {
    const fidelity = new Fidelity();
    await fidelity.begin(network);
    const { tensors } = await engine.memory();
    const { port1, port2 } = new MessageChannel();
    const job = nextJob++;
    const accumulated = fidelity.accumulate(port2, nobody);
    const calibrated = engine.calibrate(job, { images: 3000, seed: 1 }, port1, ({ done }) => {
      if (done >= 150) void engine.cancel(job);
    });
    await expect(calibrated).rejects.toBeInstanceOf(CancelledError);
    const update = await accumulated;
    expect(update.images).toBeGreaterThan(0);
    expect(update.images).toBeLessThan(3000);
    expect((await engine.memory()).tensors).toBe(tensors);
    // and both can go on
    const again = await stream(fidelity, 40, 2);
    await expectScores(await again.accumulated, network, 40, 2);
  });

  it('a calibration cancelled before its first batch ends with nothing', async () => {
    const fidelity = new Fidelity();
    await fidelity.begin(network);
    const job = nextJob++;
    const running = await stream(fidelity, 500, 1, job);
    await engine.cancel(job);
    await expect(running.calibrated).rejects.toBeInstanceOf(CancelledError);
    expect(await running.accumulated).toMatchObject({ images: 0, groups: [] });
  });

  it('a second calibration takes the place of one that runs, which settles and says no more', async () => {
    const fidelity = new Fidelity();
    await fidelity.begin(network);
    const first = await stream(fidelity, 600, 1);
    const second = await stream(fidelity, 100, 2);
    await expect(first.accumulated).rejects.toBeInstanceOf(CancelledError);
    const said = first.updates.length;
    await expectScores(await second.accumulated, network, 100, 2);
    await first.calibrated;
    expect(first.updates.length).toBe(said);
    // the statistics in memory are the second's
    const { layers, measures } = await direct(network, 100, 2);
    const expected = oneShotPlan(layers, measures.statistics, { inner: [0, 1] }, 'leastSquares').weights.outer.kernel.values;
    const plan = await fidelity.compensate({ inner: [0, 1] }, 'leastSquares');
    plan.weights.outer.kernel.values.forEach((value, k) => expect(value).toBeCloseTo(expected[k], 3));
  });

  it('the model changed while it is calibrated: the old stream settles and leaves the new network alone', async () => {
    const fidelity = new Fidelity();
    await fidelity.begin(network);
    const old = await stream(fidelity, 300, 1);
    // let a batch arrive, so that scoring is due
    await new Promise<void>((resolve) => {
      const port = new MessageChannel();
      port.port1.onmessage = () => (port.port1.close(), resolve());
      port.port2.postMessage(null);
    });
    const next = smallNetwork(9, 'next');
    await Promise.all([engine.loadModel(nextJob++, filesOf(next), nobody), fidelity.begin(next)]);
    await expect(old.accumulated).rejects.toBeInstanceOf(CancelledError);
    await old.calibrated;
    expect(await fidelity.compensate({ inner: [0, 1] }, 'leastSquares')).toEqual({ keep: { inner: [0, 1] }, weights: {} });
    const fresh = await stream(fidelity, 64, 3);
    await expectScores(await fresh.accumulated, next, 64, 3);
  });
});
