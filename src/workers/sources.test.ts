import { readFile } from 'node:fs/promises';
import { encode } from 'fast-png';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { CalibrationSource } from '../datasets/calibrationSource.ts';
import { deadLeaves } from '../datasets/synthetic/deadLeaves.ts';
import { PROCEDURAL_KINDS } from '../datasets/synthetic/proceduralPictures.ts';
import { calibrate } from '../engine/calibrate.ts';
import { LabelsNeededError } from '../engine/criteria/taylor.ts';
import { CancelledError } from '../engine/job.ts';
import { zipTfjsLayers } from '../formats/tfjsLayers.ts';
import { coupling } from '../network/coupling.ts';
import { pixelNetwork } from '../network/fixtures/pixelNetwork.ts';
import type { Network } from '../network/network.ts';
import { consumerLayers } from '../pruning/consumerLayers.ts';
import { StatisticsStore } from '../pruning/statisticsStore.ts';
import { Engine } from './engine.ts';
import { NoInversionError, OpenPictures } from './pictures.ts';
import type { ModelSource, StatisticsMessage } from './protocol.ts';

// Vite gives these imports as URLs of the built page; in Node the backend reads the files themselves.
vi.mock('@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm?url', async () => ({
  default: `${(await import('../engine/fixtures/wasmBackend.ts')).WASM_FOLDER}tfjs-backend-wasm-simd.wasm`,
}));
vi.mock('@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm?url', async () => ({
  default: `${(await import('../engine/fixtures/wasmBackend.ts')).WASM_FOLDER}tfjs-backend-wasm.wasm`,
}));

const nobody = (): void => {};
const network = pixelNetwork(1, [32, 32, 3], [6, 5], 10);
const MADE = { count: 12, steps: 2, seed: 3 };
let engine: Engine;
let nextJob = 1;

async function staticHost(address: string | URL | Request): Promise<Response> {
  const { pathname } = new URL(address instanceof Request ? address.url : address);
  return new Response(Uint8Array.from(await readFile(new URL(`../../public${pathname}`, import.meta.url))));
}

/** From now on these are the files of the site. */
function host(files: Readonly<Record<string, Uint8Array>>): void {
  vi.stubGlobal('fetch', async (address: string) => {
    const file = files[new URL(address).pathname];
    return file ? new Response(Uint8Array.from(file)) : new Response('<html>', { status: 404 });
  });
}

function filesOf(of: Network): ModelSource {
  return { kind: 'files', files: [{ path: 'model.zip', file: new File([Uint8Array.from(zipTfjsLayers(of))], 'model.zip') }] };
}

/** Statistics that the engine streams for these pictures. */
async function streamed(images: number, source?: CalibrationSource) {
  const { port1, port2 } = new MessageChannel();
  const store = new StatisticsStore(consumerLayers(network, coupling(network)));
  const ended = new Promise<void>((resolve) => {
    port2.onmessage = ({ data }: MessageEvent<StatisticsMessage>) => {
      if (data.kind === 'batch') store.add(data);
      else resolve();
    };
  });
  await engine.calibrate(nextJob++, { images, seed: 5, source }, port1, nobody);
  await ended;
  port2.close();
  return store.measures().statistics;
}

beforeAll(async () => {
  vi.stubGlobal('fetch', staticHost);
  engine = new Engine();
  await engine.start('auto');
  await engine.loadModel(nextJob++, filesOf(network), nobody);
  await engine.loadDataset('http://lab.test/data/cifar10');
});
afterEach(() => {
  vi.stubGlobal('fetch', staticHost);
});

describe('procedural sources', () => {
  it.each(PROCEDURAL_KINDS)('%s gives pictures of the network’s size, the first of many being those of a few', async (kind) => {
    const few = await engine.gallery({ images: 3, seed: 2, source: { kind } });
    const more = await engine.gallery({ images: 5, seed: 2, source: { kind } });
    expect(few.map(({ width, height, label }) => [width, height, label])).toEqual(Array.from({ length: 3 }, () => [32, 32, undefined]));
    expect(more.slice(0, 3)).toEqual(few);
    const other = await engine.gallery({ images: 3, seed: 3, source: { kind } });
    expect(other[0].rgba).not.toEqual(few[0].rgba);
  });

  it('are what calibration runs on: the statistics are those of the pictures themselves', async () => {
    const layers = consumerLayers(network, coupling(network));
    const direct = new StatisticsStore(layers);
    await calibrate(network, layers, deadLeaves({ count: 40, shape: [32, 32, 3], seed: 5 }), undefined, (batch) => direct.add(batch));
    const found = await streamed(40, { kind: 'deadLeaves' });
    const gram = (of: typeof found) => [...of.values()].map((one) => one.gram.reduce((sum, value) => sum + Math.abs(value), 0));
    const expected = gram(direct.measures().statistics);
    expect(expected.length).toBeGreaterThan(1);
    gram(found).forEach((value, k) => expect(Math.abs(value / expected[k] - 1)).toBeLessThan(1e-4));
    const real = gram(await streamed(40));
    expect(real.some((value, k) => Math.abs(value / expected[k] - 1) > 0.05)).toBe(true);
  });

  it('have no labels, and rules that need some say so', async () => {
    await expect(engine.criterion(nextJob++, { select: 'taylor', images: 8, seed: 1, source: { kind: 'gaussian' } }, nobody)).rejects.toThrow(LabelsNeededError);
    await expect(engine.criterion(nextJob++, { select: 'taylor', images: 8, seed: 1 }, nobody)).resolves.toHaveProperty('first');
  });

  it('mix: the share is of the second source, and each picture is one of either’s own', async () => {
    const mixed = await engine.gallery({ images: 20, seed: 2, source: { kind: 'pictures', mix: { kind: 'gaussian', share: 0.3 } } });
    const [real, noise] = await Promise.all([engine.gallery({ images: 20, seed: 2 }), engine.gallery({ images: 20, seed: 2, source: { kind: 'gaussian' } })]);
    const among = (of: typeof real) => mixed.filter(({ rgba }) => of.some((one) => one.rgba.join() === rgba.join())).length;
    expect([among(real), among(noise)].join()).toMatch(/^1[34],[67]$/);
    expect(among(real) + among(noise)).toBe(20);
    expect(mixed.every(({ label }) => label === undefined)).toBe(true);
  });

  it('a plan is refitted, its norms are measured and the theory is checked on the same source', async () => {
    const source: CalibrationSource = { kind: 'colourNoise' };
    const keep = { first: [0, 2, 4] };
    const request = { keep, compensate: 'leastSquares' as const, images: 32, seed: 1 };
    const [real, noise] = [await engine.pruneSequentially(nextJob++, request, nobody), await engine.pruneSequentially(nextJob++, { ...request, source }, nobody)];
    expect(noise.weights.second.kernel.values).not.toEqual(real.weights.second.kernel.values);
    const plan = { keep, weights: {} };
    expect(await engine.renorm(nextJob++, { plan, images: 32, seed: 1, source }, nobody)).not.toEqual(await engine.renorm(nextJob++, { plan, images: 32, seed: 1 }, nobody));
    const theory = { experiment: 'lipschitz' as const, images: 16, seed: 1, testImages: 10 };
    expect(await engine.theory(nextJob++, { ...theory, source }, nobody)).not.toEqual(await engine.theory(nextJob++, theory, nobody));
  });
});

describe('pictures from the network', () => {
  it('are made on request, and a source draws from them until another model is loaded', async () => {
    const { tensors } = await engine.memory();
    const seen: number[] = [];
    const summary = await engine.invert(nextJob++, MADE, ({ done, total }) => seen.push(done / total));
    expect(summary.inClass).toBeGreaterThanOrEqual(0);
    expect(seen.at(-1)).toBe(1);
    expect((await engine.memory()).tensors).toBe(tensors);
    const pictures = await engine.gallery({ images: 100, seed: 1, source: { kind: 'inversion', made: MADE } });
    expect(pictures.map(({ label = -1 }) => label).sort((a, b) => a - b)).toEqual([0, 0, 1, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    await engine.loadModel(nextJob++, filesOf(network), nobody);
    await expect(engine.gallery({ images: 4, seed: 1, source: { kind: 'inversion', made: MADE } })).rejects.toThrow(/12 pictures made from this network in 2 steps are not here any more\. Make/);
  });

  it('are not there where the job was cancelled', async () => {
    const { tensors } = await engine.memory();
    const job = nextJob++;
    const settings = { ...MADE, steps: 500 };
    await expect(engine.invert(job, settings, () => void engine.cancel(job))).rejects.toThrow(CancelledError);
    expect((await engine.memory()).tensors).toBe(tensors);
    await expect(engine.gallery({ images: 4, seed: 1, source: { kind: 'inversion', made: settings } })).rejects.toThrow(NoInversionError);
  });

  it('that came with the model are read from its folder; without one, the error says to make some', async () => {
    const sheet = Uint8Array.from({ length: 4 * 32 * 32 * 3 }, (_, k) => k % 251);
    const split = { count: 3, sheets: [{ file: 'train-00.png', count: 3 }], labels: 'train-labels.bin' };
    const index = {
      id: 'inversion', name: 'Made', classes: Array.from({ length: 10 }, (_, k) => `class ${k}`), image: { height: 32, width: 32, channels: 3 }, tiles: { columns: 4, rows: 1 },
      splits: { train: split, test: { count: 0, sheets: [], labels: 'test-labels.bin' } },
    };
    host({
      '/models/toy/inversion/index.json': new TextEncoder().encode(JSON.stringify(index)),
      '/models/toy/inversion/train-00.png': encode({ width: 128, height: 32, channels: 3, depth: 8, data: sheet }),
      '/models/toy/inversion/train-labels.bin': Uint8Array.of(7, 8, 9),
    });
    const pictures = new OpenPictures();
    pictures.useModel({ kind: 'url', url: 'http://lab.test/models/toy' });
    const drawn = await pictures.gallery(network, { images: 2, seed: 1, source: { kind: 'inversion' } });
    expect(drawn).toHaveLength(2);
    expect([7, 8, 9]).toContain(drawn[0].label);
    host({});
    pictures.useModel({ kind: 'url', url: 'http://lab.test/models/toy/model.json' });
    await expect(pictures.gallery(network, { images: 2, seed: 1, source: { kind: 'inversion' } })).rejects.toThrow(/came with this network\. Make pictures/);
    pictures.useModel(filesOf(network));
    await expect(pictures.gallery(network, { images: 2, seed: 1, source: { kind: 'deadLeaves', mix: { kind: 'inversion', share: 0.5 } } })).rejects.toThrow(NoInversionError);
  });
});
