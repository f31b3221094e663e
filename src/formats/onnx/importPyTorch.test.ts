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

const functionsOf = ({ nodes }: Network): string[] => nodes.flatMap((node) => (node.op === 'activation' ? [node.attributes.function] : []));
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

  it('reads transposes that only serve the order of axes as nothing', async () => {
    expect(opsOf(await imported('convnext')).filter((op) => op === 'permute' || op === 'reshape')).toEqual([]);
    expect(opsOf(await imported('convnext.opset17'))).toEqual(opsOf(await imported('convnext')));
    expect(opsOf(await imported('classic'))).not.toContain('permute');
    expect(opsOf(await imported('heads'))).not.toContain('permute');
    expect(opsOf(await imported('channels-last'))).toEqual(['input', 'batchNorm', 'conv2d', 'activation', 'conv2d', 'activation']);
  });

  it('reads compositions as the operation that they are', async () => {
    const network = await imported('convnext');
    expect(opsOf(network).filter((op) => op === 'layerNorm').length).toBe(4);
    expect(functionsOf(network)).toEqual(['gelu']);
    expect(functionsOf(await imported('inverted.opset9'))).toEqual(functionsOf(await imported('inverted')));
    expect(opsOf(await imported('activations')).filter((op) => op === 'groupNorm').length).toBe(2);
  });

  it('permutes where the order matters: once for a channel shuffle, and where a flattened picture is shown', async () => {
    // the second shuffle stands before a mean over pixels and a linear layer, which take channels in any order
    expect(opsOf(await imported('shuffle')).filter((op) => op === 'permute').length).toBe(1);
    expect(opsOf(await imported('flattened')).filter((op) => op === 'permute').length).toBe(3);
  });

  it('reads the variants of a network alike', async () => {
    for (const [name, variant] of [['residual', 'inputs'], ['residual', 'external'], ['dense-block', 'opset11'], ['shuffle', 'fixed'], ['unet', 'opset11']]) {
      expect(opsOf(await imported(`${name}.${variant}`)), variant).toEqual(opsOf(await imported(name)));
    }
  });
});
