import { encode } from 'fast-png';
import { zipSync } from 'fflate';
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { PRESETS, AS_THEY_ARE, preprocess } from '../datasets/preprocessing.ts';
import { computeLogits, shareEqual, topClasses } from '../engine/evaluate.ts';
import { shippedImages } from '../engine/fixtures/shipped.ts';
import { CancelledError } from '../engine/job.ts';
import { writeNpy } from '../formats/npy.ts';
import { zipTfjsLayers } from '../formats/tfjsLayers.ts';
import { networkBuilder } from '../network/fixtures/networks.ts';
import type { Network } from '../network/network.ts';
import { MemoryFileSystem } from '../storage/fixtures/memoryFileSystem.ts';
import { NotKeptError, StorageFullError, StorageUnavailableError } from '../storage/storageErrors.ts';
import { Engine } from './engine.ts';
import { Keeping } from './keeping.ts';
import type { ModelSource, OwnSource, PathedFile } from './protocol.ts';

// Vite gives these imports as URLs of the built page; in Node the backend reads the files themselves.
vi.mock('@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm?url', async () => ({
  default: `${(await import('../engine/fixtures/wasmBackend.ts')).WASM_FOLDER}tfjs-backend-wasm-simd.wasm`,
}));
vi.mock('@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm?url', async () => ({
  default: `${(await import('../engine/fixtures/wasmBackend.ts')).WASM_FOLDER}tfjs-backend-wasm.wasm`,
}));

/** A network on `size × size` pictures, of 10 outputs. */
function smallNetwork(size = 32, seed = 1): Network {
  const b = networkBuilder(seed);
  const stem = b.activation('relu', b.conv('stem', b.input('input', [size, size, 3]), [3, 3], 3, 6, { strides: [2, 2] }), 'relu');
  return b.build('small', b.dense('logits', b.globalPool('mean', b.conv('second', stem, [3, 3], 6, 8)), 8, 10));
}

function pathed(path: string, bytes: Uint8Array): PathedFile {
  return { path, file: new File([Uint8Array.from(bytes)], path.split('/').at(-1) ?? path) };
}

function modelFiles(network: Network, ...more: PathedFile[]): Extract<ModelSource, { kind: 'files' }> {
  return { kind: 'files', files: [pathed('model.zip', zipTfjsLayers(network)), ...more] };
}

const nobody = (): void => {};
const COUNT = 30;
let nextJob = 1;
let names: readonly string[];
/** Shipped test pictures as PNGs in folders of their classes. */
let pictures: PathedFile[];
let storage: MemoryFileSystem;
let engine: Engine;

beforeAll(async () => {
  const data = await shippedImages();
  names = data.classes;
  const labels = await data.labels('test');
  pictures = await Promise.all(Array.from({ length: COUNT }, async (_, k) =>
    pathed(`own/${names[labels[k]]}/${k}.png`, encode({ width: 32, height: 32, channels: 3, depth: 8, data: await data.pixels('test', [k]) }))));
});
beforeEach(async () => {
  storage = new MemoryFileSystem();
  engine = new Engine(new Keeping(async () => storage));
  await engine.start('wasm');
});
afterEach(() => {
  vi.unstubAllGlobals();
});

function own(files: readonly PathedFile[] = pictures): OwnSource {
  return { kind: 'files', name: 'own', files };
}

function load(source: OwnSource, more: { fit?: 'crop' | 'stretch'; classNames?: readonly string[] } = {}) {
  return engine.loadPictures(nextJob++, { source, fit: 'crop', ...more }, nobody);
}

describe('a person’s pictures in the engine', () => {
  it('are halved, labelled by their folders, and measured as they are', async () => {
    const network = smallNetwork();
    await engine.loadModel(nextJob++, modelFiles(network), nobody);
    const told: number[] = [];
    const summary = await engine.loadPictures(nextJob++, { source: own(), fit: 'crop', classNames: names }, ({ done, total }) => told.push(done, total));
    expect(summary).toMatchObject({ name: 'own', classes: names, shape: [32, 32, 3], train: 15, test: 15, own: { splitSeed: 1, skipped: [], leftOut: 0 } });
    expect(summary.unlabelled).toBeUndefined();
    expect(told.slice(-2)).toEqual([COUNT, COUNT]);

    const shown = await engine.pictures('test', Array.from({ length: 15 }, (_, k) => k));
    const values = Float32Array.from(shown.flatMap(({ rgba }) => [...rgba].filter((_, at) => at % 4 !== 3)));
    const logits = await computeLogits(network, { count: 15, shape: [32, 32, 3], read: async (first, count) => values.slice(first * 3072, (first + count) * 3072) });
    const labels = shown.map(({ label = -1 }) => label);
    const evaluation = await engine.evaluate(nextJob++, { images: 15 }, nobody);
    expect([...evaluation.predictions]).toEqual([...topClasses(logits)]);
    expect([...evaluation.labels]).toEqual(labels);
    expect(evaluation.accuracy).toBe(shareEqual(topClasses(logits), labels));
    expect(new Set(labels).size).toBeGreaterThan(4);
  });

  it('without labels leave accuracy out, and agreement in', async () => {
    await engine.loadModel(nextJob++, modelFiles(smallNetwork()), nobody);
    const summary = await load(own(pictures.map(({ path, file }) => ({ path: path.replaceAll('/', '_'), file }))));
    expect(summary.unlabelled).toMatch(/No sub-folders/);
    const evaluation = await engine.evaluate(nextJob++, { plan: { keep: { stem: [0, 1] }, weights: {} }, images: 15 }, nobody);
    expect(evaluation).not.toHaveProperty('accuracy');
    expect(evaluation).toMatchObject({ perClass: [], labels: new Int32Array(0), images: 15 });
    expect(evaluation.agreement).toBeGreaterThanOrEqual(0);
    expect((await engine.evaluate(nextJob++, { images: 15 }, nobody)).agreement).toBe(1);
    expect((await engine.pictures('test', [0]))[0]).not.toHaveProperty('label');
  });

  it('go to the network at its size and through its preprocessing', async () => {
    const network = smallNetwork(16);
    await engine.loadModel(nextJob++, modelFiles(network), nobody);
    await load(own());
    await engine.setPreprocessing(PRESETS.imagenet);
    const preview = await engine.preview(4);
    expect(preview.pictures.map(({ width, height }) => [width, height])).toEqual(Array.from({ length: 4 }, () => [16, 16]));
    const pixels = preview.pictures.flatMap(({ rgba }) => [...rgba].filter((_, at) => at % 4 !== 3));
    const values = preprocess(pixels, 3, PRESETS.imagenet);
    expect(preview.least).toBeCloseTo(Math.min(...values), 5);
    expect(preview.greatest).toBeCloseTo(Math.max(...values), 5);
    expect(preview.mean).toBeCloseTo(values.reduce((sum, value) => sum + value, 0) / values.length, 4);
    const logits = await computeLogits(network, { count: 4, shape: [16, 16, 3], read: async () => values });
    const { predictions } = await engine.evaluate(nextJob++, { images: 4 }, nobody);
    expect([...predictions]).toEqual([...topClasses(logits)]);
    // the intact network is measured anew under another preprocessing
    await engine.setPreprocessing(AS_THEY_ARE);
    expect((await engine.evaluate(nextJob++, { images: 4 }, nobody)).agreement).toBe(1);
  });

  it('come from zips and arrays too', async () => {
    await engine.loadModel(nextJob++, modelFiles(smallNetwork()), nobody);
    const zip = zipSync(Object.fromEntries(await Promise.all(pictures.map(async ({ path, file }): Promise<[string, Uint8Array]> => [path, new Uint8Array(await file.arrayBuffer())]))));
    expect(await load(own([pathed('own.zip', zip)]), { classNames: names })).toMatchObject({ train: 15, test: 15, classes: names });
    const data = await shippedImages();
    const array = writeNpy([20, 32, 32, 3], await data.pixels('test', Array.from({ length: 20 }, (_, k) => k)));
    const labels = writeNpy([20], Uint8Array.from((await data.labels('test')).subarray(0, 20)));
    expect(await load(own([pathed('x.npy', array), pathed('y.npy', labels)]))).toMatchObject({ train: 10, test: 10 });
  });

  it('that cannot be read, or are cancelled, leave those that were there', async () => {
    await engine.loadModel(nextJob++, modelFiles(smallNetwork()), nobody);
    await load(own());
    await expect(load(own([pathed('a.png', new Uint8Array(9)), pathed('b.txt', new Uint8Array(9))]))).rejects.toMatchObject({ name: 'NoReadablePicturesError' });
    const job = nextJob++;
    const cancelled = engine.loadPictures(job, { source: own(), fit: 'crop' }, () => void engine.cancel(job));
    await expect(cancelled).rejects.toBeInstanceOf(CancelledError);
    expect((await engine.evaluate(nextJob++, { images: 15 }, nobody)).images).toBe(15);
  });

  it('of another size than a model that is opened after them are refused until they are read again', async () => {
    await engine.loadModel(nextJob++, modelFiles(smallNetwork()), nobody);
    await load(own());
    await engine.loadModel(nextJob++, modelFiles(smallNetwork(16)), nobody);
    await expect(engine.evaluate(nextJob++, { images: 4 }, nobody)).rejects.toMatchObject({ name: 'InputShapeError' });
    expect(await load(own())).toMatchObject({ shape: [16, 16, 3] });
    expect((await engine.evaluate(nextJob++, { images: 4 }, nobody)).images).toBe(4);
  });
});

describe('what is kept', () => {
  it('opens again in another engine by its id: a model with its card, and pictures', async () => {
    const card = pathed('card.json', new TextEncoder().encode('{"name":"mine"}'));
    const loaded = await engine.loadModel(nextJob++, modelFiles(smallNetwork(), card), nobody);
    expect(loaded.card).toEqual({ name: 'mine' });
    const told: number[] = [];
    const model = await engine.keep(nextJob++, { kind: 'model', name: 'mine', files: modelFiles(smallNetwork(), card).files }, ({ done }) => told.push(done));
    const data = await engine.keep(nextJob++, { kind: 'data', name: 'own', files: pictures }, nobody);
    expect(told.at(-1)).toBe(model.bytes);
    await engine.setKeptSettings(model.id, { preprocessing: 'crop;1;0;1;RGB' });

    const later = new Engine(new Keeping(async () => storage));
    await later.start('wasm');
    const list = await later.kept();
    expect(list.durable).toBe(true);
    expect(new Set(list.items.map(({ id }) => id))).toEqual(new Set([model.id, data.id]));
    const again = await later.loadModel(nextJob++, { kind: 'kept', id: model.id, name: 'mine' }, nobody);
    expect(again).toMatchObject({ card: { name: 'mine' }, cost: loaded.cost });
    expect(await later.keptSettings(model.id)).toEqual({ preprocessing: 'crop;1;0;1;RGB' });
    const summary = await later.loadPictures(nextJob++, { source: { kind: 'kept', id: data.id, name: 'own' }, fit: 'crop', classNames: names }, nobody);
    expect(summary).toMatchObject({ train: 15, test: 15, classes: names });

    await later.forget(model.id);
    expect((await later.kept()).items.map(({ id }) => id)).toEqual([data.id]);
    await expect(later.loadModel(nextJob++, { kind: 'kept', id: model.id, name: 'mine' }, nobody)).rejects.toThrow(new NotKeptError('mine'));
    // and what was loaded before goes on
    expect((await later.evaluate(nextJob++, { images: 3 }, nobody)).images).toBe(3);
  });

  it('is not kept on a full disk, or where the browser keeps nothing, and says so', async () => {
    storage.quota = 5000;
    await expect(engine.keep(nextJob++, { kind: 'data', name: 'own', files: pictures }, nobody)).rejects.toBeInstanceOf(StorageFullError);
    expect(storage.used).toBe(0);
    const none = new Engine(new Keeping(() => Promise.reject(new StorageUnavailableError('a private window'))));
    await expect(none.keep(nextJob++, { kind: 'data', name: 'own', files: pictures }, nobody)).rejects.toBeInstanceOf(StorageUnavailableError);
    expect(await none.kept()).toMatchObject({ durable: false, problem: expect.stringMatching(/a private window/), items: [] });
    await none.start('wasm');
    await none.loadModel(nextJob++, modelFiles(smallNetwork()), nobody);
    const loading = none.loadPictures(nextJob++, { source: { kind: 'kept', id: 'abc', name: 'own' }, fit: 'crop' }, nobody);
    await expect(loading).rejects.toBeInstanceOf(StorageUnavailableError);
  });

  it('stops in the middle when it is cancelled, and leaves nothing', async () => {
    const job = nextJob++;
    await expect(engine.keep(job, { kind: 'data', name: 'own', files: pictures }, () => void engine.cancel(job))).rejects.toBeInstanceOf(CancelledError);
    expect(storage.used).toBe(0);
  });
});

describe('a model at an address', () => {
  const zip = zipTfjsLayers(smallNetwork());
  const asked: string[] = [];
  const host = async (url: string, { method = 'GET' }: RequestInit = {}) => {
    asked.push(`${method} ${url}`);
    if (!url.endsWith('/net.zip')) return new Response('no', { status: 404, statusText: 'Not Found' });
    return new Response(method === 'HEAD' ? null : zip, { headers: { etag: '"1"', 'content-length': String(zip.length) } });
  };

  beforeEach(() => {
    asked.length = 0;
    vi.stubGlobal('fetch', host);
  });

  it('is fetched once, kept, listed and may be forgotten', async () => {
    const source = { kind: 'url', url: 'https://elsewhere.test/models/net.zip' } as const;
    await engine.loadModel(nextJob++, source, nobody);
    await new Engine(new Keeping(async () => storage)).loadModel(nextJob++, source, nobody);
    expect(asked).toEqual([`GET ${source.url}`, `HEAD ${source.url}`]);
    const [item] = (await engine.kept()).items;
    expect(item).toMatchObject({ kind: 'fetched', name: source.url });
    await engine.forget(item.id);
    expect((await engine.kept()).items).toEqual([]);
  });

  it('is opened all the same where no copy can be kept, with a word about it', async () => {
    storage.quota = 200;
    const loaded = await engine.loadModel(nextJob++, { kind: 'url', url: 'https://elsewhere.test/net.zip' }, nobody);
    expect(loaded.notKept).toMatch(/no room left/);
    expect(loaded.network.nodes.length).toBeGreaterThan(3);
  });

  it('that is a folder’s is asked for its model.json', async () => {
    await expect(engine.loadModel(nextJob++, { kind: 'url', url: 'https://elsewhere.test/mine' }, nobody)).rejects.toThrow(/mine\/model\.json answered 404/);
  });
});
