import { readFile } from 'node:fs/promises';
import * as tf from '@tensorflow/tfjs';
import { decode } from 'fast-png';
import { beforeAll, describe, expect, it } from 'vitest';
import { networkCosts } from '../network/costs.ts';
import { openInTfjs, predictions, greatestDifference } from './fixtures/plainTfjs.ts';
import { importTfjsLayers } from './tfjsLayers.ts';

const publicFolder = new URL('../../public/', import.meta.url);
const readJson = async (url: URL): Promise<unknown> => JSON.parse(await readFile(url, 'utf8'));

interface Fixture {
  testImages: number[];
  labels: number[];
  logits: number[][];
}
interface Index {
  tiles: { columns: number; rows: number };
  splits: { test: { sheets: { file: string; count: number }[]; labels: string } };
}

beforeAll(async () => {
  await tf.setBackend('cpu');
});

/** Test images `indices` as 0–255 floats, `count × 32 × 32 × 3`, read from the shipped sheets. */
async function testImages(indices: readonly number[]): Promise<Float32Array> {
  const folder = new URL('data/cifar10/', publicFolder);
  const { tiles, splits } = (await readJson(new URL('index.json', folder))) as Index;
  const pixels: number[] = [];
  for (const index of indices) {
    const perSheet = tiles.columns * tiles.rows;
    const sheet = decode(await readFile(new URL(splits.test.sheets[Math.floor(index / perSheet)].file, folder)));
    const tile = index % perSheet;
    const [top, left] = [Math.floor(tile / tiles.columns) * 32, (tile % tiles.columns) * 32];
    for (let row = 0; row < 32; row += 1) {
      const start = ((top + row) * sheet.width + left) * 3;
      pixels.push(...sheet.data.subarray(start, start + 96));
    }
  }
  return Float32Array.from(pixels);
}

describe.each(['resnet20-cifar10', 'vgg-cifar10', 'mobilenetv2-cifar10'])('the shipped %s', (id) => {
  const folder = new URL(`models/${id}/`, publicFolder);
  const readShard = (path: string): Promise<Uint8Array> => readFile(new URL(path, folder));

  it('gives PyTorch’s logits to 1e-4, opened as it is and after import and export', async () => {
    const json = await readJson(new URL('model.json', folder));
    const network = await importTfjsLayers(json, readShard);
    const fixture = (await readJson(new URL(`fixtures/${id}.logits.json`, import.meta.url))) as Fixture;
    const batch = tf.tensor(await testImages(fixture.testImages), [fixture.testImages.length, 32, 32, 3]);
    const file = json as tf.io.ModelJSON;
    const [group] = file.weightsManifest;
    const bytes = Uint8Array.from(Buffer.concat(await Promise.all(group.paths.map(readShard))));
    const asItIs = await tf.loadLayersModel(
      tf.io.fromMemory({ modelTopology: file.modelTopology, weightSpecs: group.weights, weightData: bytes.buffer }),
    );
    for (const model of [asItIs, await openInTfjs(network)]) {
      expect(greatestDifference(await predictions(model, batch), fixture.logits.flat())).toBeLessThan(1e-4);
    }
  });

  it('has the labels of its fixture in the shipped label file', async () => {
    const fixture = (await readJson(new URL(`fixtures/${id}.logits.json`, import.meta.url))) as Fixture;
    const labels = await readFile(new URL('data/cifar10/test-labels.bin', publicFolder));
    expect(labels.length).toBe(10_000);
    expect(fixture.testImages.map((index) => labels[index])).toEqual(fixture.labels);
  });

  it('costs what its card says', async () => {
    const network = await importTfjsLayers(await readJson(new URL('model.json', folder)), readShard);
    const { macs, parameters, bytes } = networkCosts(network);
    const card = await readJson(new URL('card.json', folder));
    expect(card).toMatchObject({ id, macs, parameters, bytes });
  });
});
