import { readFile } from 'node:fs/promises';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { CancelledError } from '../engine/job.ts';
import { zipTfjsLayers } from '../formats/tfjsLayers.ts';
import { networkBuilder } from '../network/fixtures/networks.ts';
import { THEORY_EXPERIMENTS } from '../theory/results.ts';
import { Engine } from './engine.ts';

// Vite gives these imports as URLs of the built page; in Node the backend reads the files themselves.
vi.mock('@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm?url', async () => ({
  default: `${(await import('../engine/fixtures/wasmBackend.ts')).WASM_FOLDER}tfjs-backend-wasm-simd.wasm`,
}));
vi.mock('@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm?url', async () => ({
  default: `${(await import('../engine/fixtures/wasmBackend.ts')).WASM_FOLDER}tfjs-backend-wasm.wasm`,
}));

const SITE = 'http://lab.test/';

/** Two convolutions on shrunk CIFAR pictures, with a norm. */
function tinyNetwork() {
  const b = networkBuilder(4);
  const small = b.pool('small', b.pool('smaller', b.rescaling('scaled', b.input('input', [32, 32, 3])), 'averagePool2d'), 'averagePool2d');
  const first = b.activation('first_relu', b.norm('first_norm', b.conv('first', small, [3, 3], 3, 6, { strides: [2, 2] }), 6), 'relu');
  const second = b.activation('second_relu', b.conv('second', first, [3, 3], 6, 5, { bias: true }), 'relu');
  return b.build('tiny', b.dense('logits', b.globalPool('mean', second), 5, 10));
}

let engine: Engine;
let nextJob = 1;
const nobody = (): void => {};

beforeAll(async () => {
  vi.stubGlobal('fetch', async (address: string) => {
    const file = new URL(`../../public/${new URL(address).pathname.slice(1)}`, import.meta.url);
    return new Response(Uint8Array.from(await readFile(file)));
  });
  engine = new Engine();
  await engine.start('auto');
  await engine.loadModel(nextJob++, { kind: 'files', files: [{ path: 'model.zip', file: new File([Uint8Array.from(zipTfjsLayers(tinyNetwork()))], 'model.zip') }] }, nobody);
  await engine.loadDataset(`${SITE}data/cifar10`);
});

describe('Engine.theory', () => {
  it.each(THEORY_EXPERIMENTS)('runs %s to its end, in plain data that crosses workers, and holds no tensor afterwards', async (experiment) => {
    const { tensors } = await engine.memory();
    const seen: number[] = [];
    const result = await engine.theory(nextJob++, { experiment, images: 16, seed: 1, testImages: 20 }, ({ done, total }) => seen.push(done / total));
    expect(result.experiment).toBe(experiment);
    expect(structuredClone(result)).toEqual(result);
    expect(seen.length).toBeGreaterThan(0);
    expect(seen).toEqual(seen.toSorted((a, b) => a - b));
    expect(seen.at(-1)).toBeCloseTo(1, 6);
    expect((await engine.memory()).tensors).toBe(tensors);
    const [list] = Object.values(result).filter((value) => Array.isArray(value));
    expect(list.length).toBeGreaterThan(0);
  });

  it.each(THEORY_EXPERIMENTS)('stops %s when it is cancelled', async (experiment) => {
    const { tensors } = await engine.memory();
    const job = nextJob++;
    const running = engine.theory(job, { experiment, images: 64, seed: 1, testImages: 200 }, ({ done, total }) => {
      if (done / total > 0.1) void engine.cancel(job);
    });
    await expect(running).rejects.toBeInstanceOf(CancelledError);
    expect((await engine.memory()).tensors).toBe(tensors);
  });

  it('judges by the labels of the data set, and by agreement where they are not the network\'s classes', async () => {
    const run = () => engine.theory(nextJob++, { experiment: 'noise', images: 16, seed: 1, testImages: 50 }, nobody);
    const labelled = await run();
    expect(labelled).toMatchObject({ experiment: 'noise', images: 50 });
    // an untrained network knows the classes by chance alone
    expect('intact' in labelled && labelled.intact).toBeLessThan(0.6);
    const b = networkBuilder(4);
    const other = b.build('other', b.dense('logits', b.globalPool('mean', b.conv('first', b.conv('zeroth', b.input('input', [32, 32, 3]), [3, 3], 3, 4, { strides: [2, 2] }), [3, 3], 4, 4, { strides: [2, 2] })), 4, 7));
    await engine.loadModel(nextJob++, { kind: 'files', files: [{ path: 'model.zip', file: new File([Uint8Array.from(zipTfjsLayers(other))], 'model.zip') }] }, nobody);
    expect(await run()).toMatchObject({ intact: 1 });
  });
});
