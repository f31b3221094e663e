import { readFile } from 'node:fs/promises';
import * as tf from '@tensorflow/tfjs';
import { strToU8, zipSync } from 'fflate';
import type { Dataset, File, Group } from 'h5wasm';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { startWasm } from '../engine/fixtures/wasmBackend.ts';
import { CompiledNetwork } from '../engine/interpreter.ts';
import { seededRandom } from '../fidelity/random.ts';
import { plainNetwork, residualNetwork } from '../network/fixtures/networks.ts';
import type { Network } from '../network/network.ts';
import { addDataset, hdf5Bytes, kerasH5Of, kerasZipOf } from './fixtures/kerasWriter.ts';
import { greatestDifference } from './fixtures/plainTfjs.ts';
import { importKerasH5 } from './kerasH5.ts';
import { MissingWeightError, ModelFileError, UnsupportedWeightError } from './kerasLayers/errors.ts';
import { importKerasZip } from './kerasZip.ts';

const folder = new URL('fixtures/keras/', import.meta.url);
const bytesOf = async (name: string): Promise<Uint8Array> => new Uint8Array(await readFile(new URL(name, folder)));
const read = async (name: string): Promise<Network> =>
  name.endsWith('.h5') ? importKerasH5(await bytesOf(name)) : importKerasZip(await bytesOf(name));

interface Expected {
  batch: number[];
  shape: [number, number, number, number];
  keras2: Record<string, number[]>;
  keras3: Record<string, number[]>;
}
let expected: Expected;

beforeAll(async () => {
  await startWasm();
  expected = JSON.parse(await readFile(new URL('expected.json', folder), 'utf8')) as Expected;
});

async function outputs(network: Network): Promise<readonly Float32Array[]> {
  const batch = tf.tensor(expected.batch, expected.shape);
  const compiled = new CompiledNetwork(network);
  const values = compiled.run(batch);
  const found = await Promise.all(network.outputs.map(async (id) => (await values[id].data()) as Float32Array));
  tf.dispose([batch, values]);
  compiled.dispose();
  return found;
}

const FILES = [
  ['keras2.h5', 'keras2'],
  ['keras3.h5', 'keras3'],
  ['keras3.keras', 'keras3'],
  ['keras2.keras', 'keras2'],
  ['keras2_13.keras', 'keras2'],
] as const;

describe('a Keras file, written by h5py', () => {
  it.each(FILES)('%s gives PyTorch’s outputs by the rules of %s to 1e-5', async (name, rules) => {
    const network = await read(name);
    expect(network.outputs).toEqual(['scores_activation', 'mask_activation']);
    const [scores, mask] = await outputs(network);
    const other = rules === 'keras2' ? 'keras3' : 'keras2';
    expect(greatestDifference(scores, expected[rules].scores)).toBeLessThan(1e-5);
    expect(greatestDifference(mask, expected[rules].mask)).toBeLessThan(1e-5);
    expect(greatestDifference(mask, expected[other].mask), 'the rules differ').toBeGreaterThan(1e-4);
  });

  it('holds the same nodes in every layout, inner models flattened', async () => {
    const ids = await Promise.all(FILES.map(async ([name]) => (await read(name)).nodes.map(({ id }) => id)));
    for (const found of ids) expect(found).toEqual(ids[0]);
    expect(ids[0]).toEqual(expect.arrayContaining(['block/conv', 'block/leaky', 'block/sum', 'up/enlarge', 'separable_depthwise', 'separable', 'plus']));
    expect(ids[0]).not.toContain('block/block_in');
  });

  it('is read without the network', async () => {
    const fetch = vi.spyOn(globalThis, 'fetch').mockRejectedValue(new Error('no network'));
    await read('keras3.keras');
    expect(fetch).not.toHaveBeenCalled();
    fetch.mockRestore();
  });
});

const networks = [residualNetwork(), plainNetwork()];

describe('whole-model HDF5', () => {
  it('gives every weight bit by bit', async () => {
    for (const network of networks) expect(await importKerasH5(await kerasH5Of(network))).toStrictEqual(network);
  });

  it('may list weights in several attributes, under the name that the layer had before, and compressed', async () => {
    const network = residualNetwork();
    const bytes = await kerasH5Of(network, (file) => {
      const group = file.get('model_weights/stem_norm') as Group;
      const names = group.get_attribute('weight_names', true) as string[];
      group.delete_attribute('weight_names');
      names.forEach((name, k) => group.create_attribute(`weight_names${k}`, [name.replace('stem_norm', 'batch_normalization_4')]));
      const values = names.map((name) => (group.get(name) as Dataset).value as Float32Array);
      names.forEach((name, k) =>
        addDataset(group, name.replace('stem_norm', 'batch_normalization_4'), { shape: [6], values: values[k] }, { compression: 'gzip', chunks: [6] }),
      );
    });
    expect(await importKerasH5(bytes)).toStrictEqual(network);
  });

  it.each([
    ['weights without a model', async () => hdf5Bytes((file) => { file.create_group('layers'); }), /no model_config.*model\.save/],
    ['no HDF5 file', async () => new Uint8Array(100), /damaged and cannot be opened/],
    ['a heap of strings without end', async () => {
      const bytes = await kerasH5Of(residualNetwork());
      const heap = Buffer.from(bytes.buffer).indexOf('GCOL');
      bytes.fill(0, heap + 16, heap + 32); // its first object: free space of no bytes, which the library never gets past
      return bytes;
    }, /heap of strings at byte \d+ does not add up/],
    ['a cut file', async () => (await kerasH5Of(residualNetwork())).slice(0, 9000), /damaged/],
    ['Keras of an unknown version', async () => altered((file) => { file.delete_attribute('keras_version'); file.create_attribute('keras_version', '4.0'); }), /Keras "4\.0"; versions 2 and 3/],
    ['a model_config that is not JSON', async () => altered((file) => { file.delete_attribute('model_config'); file.create_attribute('model_config', '{"a":'); }), /model_config.*is not JSON/],
    ['a model_config of something else', async () => altered((file) => { file.delete_attribute('model_config'); file.create_attribute('model_config', '{"class_name":3}'); }), /class_name.*found 3/],
    ['a weight that claims to be larger than the file', async () => altered((file) => {
      const group = file.get('model_weights/stem') as Group;
      group.delete_attribute('weight_names');
      group.create_attribute('weight_names', ['kernel']);
      group.create_dataset({ name: 'kernel', data: new Float32Array(4), shape: [2, 2], maxshape: [null, null], chunks: [2, 2], compression: 'gzip' });
      (group.get('kernel') as Dataset).resize([1e6, 1e6]);
    }), /claims to hold 4000000000000 bytes/],
  ])('that is %s is refused by name', async (_name, make, message) => {
    const reading = importKerasH5(await make());
    await expect(reading).rejects.toThrow(ModelFileError);
    await expect(reading).rejects.toThrow(message);
  });

  it('says which weight is missing, and which is not of floats', async () => {
    const missing = importKerasH5(await altered((file) => (file.get('model_weights/logits') as Group).delete_attribute('weight_names')));
    await expect(missing).rejects.toThrow(MissingWeightError);
    await expect(missing).rejects.toThrow(/Layer "logits" needs the weight "kernel".*"model_weights\/logits"/);
    const whole = importKerasH5(await altered((file) => {
      const group = file.get('model_weights/logits') as Group;
      group.delete_attribute('weight_names');
      group.create_attribute('weight_names', ['kernel', 'bias']);
      group.create_dataset({ name: 'kernel', data: Int32Array.of(1, 2), shape: [2] });
    }));
    await expect(whole).rejects.toThrow(UnsupportedWeightError);
    await expect(whole).rejects.toThrow(/"model_weights\/logits\/kernel"/);
  });
});

const altered = (alter: (file: File) => void): Promise<Uint8Array> => kerasH5Of(residualNetwork(), alter);

describe('.keras', () => {
  it('gives every weight bit by bit', async () => {
    for (const network of networks) expect(await importKerasZip(await kerasZipOf(network))).toStrictEqual(network);
  });

  it('refuses weights that are not the layer’s: more, fewer, of another name', async () => {
    const network = residualNetwork();
    const more = importKerasZip(await kerasZipOf(network, (file) => addDataset(file, 'layers/dense/vars/2', { shape: [1], values: new Float32Array(1) })));
    await expect(more).rejects.toThrow(ModelFileError);
    await expect(more).rejects.toThrow(/"logits" has 2 weights \(kernel, bias\), but "layers\/dense\/vars" holds 3/);
    const named = importKerasZip(await kerasZipOf(network, (file) => (file.get('layers/dense/vars') as Group).create_attribute('name', 'head')));
    await expect(named).rejects.toThrow(/"logits" should have its weights in "layers\/dense\/vars", but those are of "head"/);
    const empty = await hdf5Bytes((file) => { file.create_group('layers'); });
    const none = importKerasZip(await withParts((files) => ({ ...files, 'model.weights.h5': empty })));
    await expect(none).rejects.toThrow(MissingWeightError);
    await expect(none).rejects.toThrow(/"stem" needs the weight "kernel".*"layers\/conv2d\/vars" of model\.weights\.h5/);
  });

  it.each([
    ['no zip', async () => new Uint8Array(100), /not a readable zip/],
    ['a zip of something else', async () => zipSync({ 'a.txt': strToU8('a') }), /holds no "metadata\.json"/],
    ['weights of NumPy', async () => withParts(({ 'model.weights.h5': weights, ...files }) => ({ ...files, 'model.weights.npz': weights })), /weight files: model\.weights\.npz/],
    ['metadata that is not JSON', async () => withParts((files) => ({ ...files, 'metadata.json': strToU8('{') })), /"metadata\.json".*is not JSON/],
    ['a subclass of Model', async () => withParts((files) => ({ ...files, 'config.json': strToU8('{"class_name":"MyModel","config":{"name":"m"}}') })), /is of class MyModel; only Sequential and Functional/],
    ['weights whose checksum does not fit', async () => {
      const bytes = await withParts((files) => files);
      bytes[Math.floor(bytes.length * 0.7)] ^= 1;
      return bytes;
    }, /"model\.weights\.h5" in the zip is damaged/],
    ['a zip bomb', async () => {
      const bytes = await withParts((files) => files);
      const view = new DataView(bytes.buffer);
      for (let at = 0; at < bytes.length - 30; at++) {
        // sizes of the first file in the directory: 700 MB out of a few bytes
        if (view.getUint32(at, true) === 0x02014b50) { view.setUint32(at + 24, 7e8, true); break; }
      }
      return bytes;
    }, /claims to unpack from \d+ to 700000000 bytes/],
  ])('that is %s is refused by name', async (_name, make, message) => {
    const reading = importKerasZip(await make());
    await expect(reading).rejects.toThrow(ModelFileError);
    await expect(reading).rejects.toThrow(message);
  });
});

const withParts = (parts: (files: Record<string, Uint8Array>) => Record<string, Uint8Array>): Promise<Uint8Array> =>
  kerasZipOf(residualNetwork(), undefined, parts);

const NAMED = /^(ModelFile|Unsupported\w+|MissingWeight|NetworkStructure|Shape|WeightShape|NonFiniteWeights)Error$/;

/** 300 copies of `sound`, cut or with 1, 8 or 64 bytes changed, to `read`; returns what was read. */
async function readDamaged(sound: Uint8Array, read: (bytes: Uint8Array) => Promise<Network>): Promise<readonly Network[]> {
  const random = seededRandom(17);
  const networks: Network[] = [];
  for (let n = 0; n < 300; n++) {
    const damaged = n % 4 === 0 ? sound.slice(0, Math.floor(random() * sound.length)) : sound.slice();
    for (let k = 0; k < [0, 1, 8, 64][n % 4]; k++) damaged[Math.floor(random() * damaged.length)] = Math.floor(random() * 256);
    try {
      networks.push(await read(damaged));
    } catch (error) {
      expect(error instanceof Error ? error.name : error, String(error)).toMatch(NAMED);
    }
  }
  return networks;
}

describe('300 damaged files', () => {
  it('.keras: each is refused by a named error, or gives the very same network', async () => {
    const networks = await readDamaged(await kerasZipOf(plainNetwork()), importKerasZip);
    expect(networks.length).toBeLessThan(30);
    for (const network of networks) expect(network).toStrictEqual(plainNetwork());
  });

  it('.h5, which has no checksums: each is refused by a named error, or gives a network', async () => {
    const networks = await readDamaged(await kerasH5Of(plainNetwork()), importKerasH5);
    expect(networks.length).toBeLessThan(150);
    expect(await importKerasH5(await kerasH5Of(plainNetwork()))).toStrictEqual(plainNetwork());
  });
});
