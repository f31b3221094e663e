import { readFile } from 'node:fs/promises';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { startWasm } from '../engine/fixtures/wasmBackend.ts';
import { CompiledNetwork } from '../engine/interpreter.ts';
import { nodeOfOp } from '../network/fixtures/networks.ts';
import type { Network } from '../network/network.ts';
import { greatestDifference } from './fixtures/plainTfjs.ts';
import { importKerasH5 } from './kerasH5.ts';
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

describe('a Keras file gives PyTorch’s outputs of its layers to 1e-5', () => {
  it.each([
    ['keras2.h5', 'keras2'],
    ['keras3.h5', 'keras3'],
    ['keras3.keras', 'keras3'],
    ['keras2.keras', 'keras2'],
    ['keras2_13.keras', 'keras2'],
  ] as const)('%s, by the rules of %s', async (name, rules) => {
    const network = await read(name);
    expect(network.outputs).toEqual(['scores_activation', 'mask_activation']);
    const [scores, mask] = await outputs(network);
    const other = rules === 'keras2' ? 'keras3' : 'keras2';
    expect(greatestDifference(scores, expected[rules].scores)).toBeLessThan(1e-5);
    expect(greatestDifference(mask, expected[rules].mask)).toBeLessThan(1e-5);
    expect(greatestDifference(mask, expected[other].mask), 'the rules differ').toBeGreaterThan(1e-4);
  });
});
