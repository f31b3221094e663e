import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { shippedImages } from '../engine/fixtures/shipped.ts';
import { networkCriterion, NotANetworkCriterionError } from '../engine/criteria/table.ts';
import { LabelsNeededError } from '../engine/criteria/taylor.ts';
import { CancelledError } from '../engine/job.ts';
import { zipTfjsLayers } from '../formats/tfjsLayers.ts';
import { coupling } from '../network/coupling.ts';
import { networkBuilder } from '../network/fixtures/networks.ts';
import type { Network } from '../network/network.ts';
import { PRESETS } from '../datasets/preprocessing.ts';
import { Engine } from './engine.ts';
import { pixelBox } from './inputBox.ts';
import type { ModelSource } from './protocol.ts';

vi.mock('@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm?url', async () => ({
  default: `${(await import('../engine/fixtures/wasmBackend.ts')).WASM_FOLDER}tfjs-backend-wasm-simd.wasm`,
}));
vi.mock('@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm?url', async () => ({
  default: `${(await import('../engine/fixtures/wasmBackend.ts')).WASM_FOLDER}tfjs-backend-wasm.wasm`,
}));

const nobody = (): void => {};
const engine = new Engine();

/** Answers from `public/` as a static host would. */
async function staticHost(address: string | URL | Request): Promise<Response> {
  const { pathname } = new URL(address instanceof Request ? address.url : address);
  return new Response(Uint8Array.from(await readFile(new URL(`../../public${pathname}`, import.meta.url))));
}

function smallNetwork(classes: number): Network {
  const b = networkBuilder(4);
  const stem = b.activation('stem_relu', b.norm('stem_norm', b.conv('stem', b.rescaling('rescaling', b.input('input', [32, 32, 3])), [3, 3], 3, 6, { strides: [4, 4] }), 6), 'relu');
  const inner = b.activation('inner_relu', b.norm('inner_norm', b.conv('inner', b.pool('pool', stem, 'maxPool2d'), [3, 3], 6, 5), 5), 'relu');
  return b.build('small', b.dense('logits', b.globalPool('mean', inner), 5, classes));
}

function filesOf(network: Network): ModelSource {
  return { kind: 'files', files: [{ path: 'model.zip', file: new File([Uint8Array.from(zipTfjsLayers(network))], 'model.zip') }] };
}

beforeAll(async () => {
  vi.stubGlobal('fetch', staticHost);
  await engine.start('auto');
  await engine.loadDataset('http://lab.test/data/cifar10');
});
afterAll(() => {
  vi.unstubAllGlobals();
});

describe('Engine.criterion', () => {
  it.each(['taylor', 'hrank', 'nisp', 'synflow'] as const)('scores the loaded network on the calibration pictures and their own labels: %s', async (select) => {
    const network = smallNetwork(10);
    await engine.loadModel(1, filesOf(network), nobody);
    const scores = await engine.criterion(2, { select, images: 24, seed: 5 }, nobody);
    const data = await shippedImages();
    const indices = data.calibrationIndices(24, 5);
    const labels = await data.labels('train');
    const expected = await networkCriterion(select)({
      network, coupled: coupling(network), images: data.source('train', indices), labels: indices.map((index) => labels[index]), seed: 5,
    });
    expect(scores).toEqual(Object.fromEntries([...expected].map(([name, own]) => [name, [...own]])));
  });

  it('hands labels to no rule but one that is said to read them', async () => {
    await engine.loadModel(3, filesOf(smallNetwork(7)), nobody);
    await expect(engine.criterion(4, { select: 'taylor', images: 8, seed: 1 }, nobody)).rejects.toThrow(LabelsNeededError);
    expect(Object.keys(await engine.criterion(5, { select: 'nisp', images: 8, seed: 1 }, nobody))).toEqual(['stem', 'inner']);
  });

  it('runs a data-free rule without any pictures', async () => {
    const bare = new Engine();
    await bare.loadModel(1, filesOf(smallNetwork(10)), nobody);
    expect((await bare.criterion(2, { select: 'synflow', images: 256, seed: 1 }, nobody)).stem).toHaveLength(6);
    expect((await bare.criterion(3, { select: 'stableRelu', images: 256, seed: 1 }, nobody)).stem).toHaveLength(6);
    await expect(bare.criterion(4, { select: 'hrank', images: 256, seed: 1 }, nobody)).rejects.toThrow('No data set is loaded.');
  });

  it('stops when it is cancelled, and refuses a rule that is scored otherwise', async () => {
    await engine.loadModel(6, filesOf(smallNetwork(10)), nobody);
    const running = engine.criterion(7, { select: 'coar', images: 64, seed: 1 }, () => void engine.cancel(7));
    await expect(running).rejects.toThrow(CancelledError);
    await expect(engine.criterion(8, { select: 'greedy', images: 64, seed: 1 }, nobody)).rejects.toThrow(NotANetworkCriterionError);
  });

  it('knows what values pixels have once they are prepared', () => {
    const { least, greatest } = pixelBox(PRESETS.caffe, 3);
    expect(least.map(Math.round)).toEqual([-104, -117, -124]);
    expect(greatest.map(Math.round)).toEqual([151, 138, 131]);
  });
});
