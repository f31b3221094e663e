import { readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Network } from '../../network/network.ts';
import { importOnnx } from '../onnx.ts';
import { greatestDifference } from '../fixtures/plainTfjs.ts';
import { runInLab, transposedBatch, type Batch } from './fixtures/runNetwork.ts';

const folder = new URL('../fixtures/onnx/', import.meta.url);
const readExternal = (path: string): Promise<Uint8Array> => readFile(new URL(path, folder));
const names = readdirSync(folder).filter((file) => file.endsWith('.onnx')).map((file) => file.slice(0, -'.onnx'.length));

interface Expected {
  input: Batch;
  outputs: Batch[];
}

beforeAll(async () => {
  await tf.setBackend('cpu');
});

async function imported(name: string): Promise<Network> {
  return importOnnx(await readFile(new URL(`${name}.onnx`, folder)), readExternal);
}

const opsOf = (network: Network): string[] => network.nodes.map(({ op }) => op);

describe('models written by PyTorch', () => {
  it.each(names)('%s gives PyTorch’s outputs to 1e-4', async (name) => {
    const network = await imported(name);
    const { input, outputs } = JSON.parse(await readFile(new URL(`${name.split('.')[0]}.json`, folder), 'utf8')) as Expected;
    const picture = name === 'channels-last' ? input : await transposedBatch(input, [0, 2, 3, 1]);
    const found = await runInLab(network, picture);
    expect(found.length).toBe(outputs.length);
    for (const [k, output] of outputs.entries()) {
      const isPicture = output.shape.length === 4 && name !== 'channels-last';
      const actual = isPicture ? await transposedBatch(found[k], [0, 3, 1, 2]) : found[k];
      expect(actual.shape).toEqual(output.shape);
      expect(greatestDifference(actual.values, Array.from(output.values))).toBeLessThan(1e-4);
    }
  });
});
void opsOf;
