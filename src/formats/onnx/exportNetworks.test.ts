import { existsSync, readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { everyOpNetwork } from '../../engine/fixtures/everyOpNetwork.ts';
import { mixedNetwork } from '../../engine/fixtures/mixedNetwork.ts';
import { shippedNetwork, testImages } from '../../engine/fixtures/shipped.ts';
import { plainNetwork, residualNetwork } from '../../network/fixtures/networks.ts';
import type { Network } from '../../network/network.ts';
import { exportOnnx, importOnnx } from '../onnx.ts';
import { expectOutputs, randomInput } from './fixtures/agreement.ts';
import { runInOnnxRuntime } from './fixtures/onnxRuntime.ts';
import { channelsFirst, runInLab } from './fixtures/runNetwork.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

describe('whole networks, exported', () => {
  const networks = [residualNetwork(), plainNetwork(), everyOpNetwork(), mixedNetwork()];
  it.each(networks.map((network) => [network.name, network] as const))('%s gives the lab’s outputs in onnxruntime', async (_, network) => {
    const input = randomInput(network);
    await expectOutputs(network, input, await runInLab(network, input));
  });

  it('several outputs of every kind, the input among them, keep their order', async () => {
    const network = plainNetwork();
    const input = randomInput(network);
    const outputs = ['flatten', 'softmax', 'pool1', 'input', 'dense1', 'pool1'];
    await expectOutputs({ ...network, outputs: outputs.slice(0, 5) }, input, await runInLab({ ...network, outputs: outputs.slice(0, 5) }, input));
    const model = exportOnnx({ ...network, outputs });
    const real = await runInOnnxRuntime(model, await channelsFirst(input));
    expect(real.map(({ shape }) => shape.length)).toEqual([2, 2, 4, 4, 2, 4]);
    expect(real[5].values).toEqual(real[2].values);
  });

  it('zeros before a max pool still count in onnxruntime, which fuses a Pad into the pool', async () => {
    const network: Network = {
      name: 'below-zero',
      nodes: [
        { id: 'input', op: 'input', inputs: [], attributes: { shape: [4, 4, 1] }, weights: {} },
        { id: 'zeros', op: 'zeroPad2d', inputs: ['input'], attributes: { padding: [[1, 1], [1, 1]] }, weights: {} },
        { id: 'same', op: 'dropout', inputs: ['zeros'], attributes: { rate: 0.5 }, weights: {} },
        { id: 'pool', op: 'maxPool2d', inputs: ['same'], attributes: { poolSize: [3, 3], strides: [3, 3], padding: 'valid' }, weights: {} },
      ],
      outputs: ['pool'],
    };
    await expectOutputs(network, { shape: [1, 4, 4, 1], values: Array.from({ length: 16 }, () => -2) }, [
      { shape: [1, 2, 2, 1], values: [0, 0, 0, 0] },
    ]);
  });
});

describe('the shipped networks, exported', () => {
  const models = new URL('../../../public/models/', import.meta.url);
  // the others come in Hugging Face's layout: src/formats/shippedTransformers.test.ts
  const ids = readdirSync(models).filter((id) => existsSync(new URL(`${id}/model.json`, models)));

  it.each(ids)('%s gives the lab’s logits in onnxruntime', async (id) => {
    const network = await shippedNetwork(id);
    const images = await testImages(0, 2);
    const input = { shape: [2, ...images.shape], values: await images.read(0, 2) };
    await expectOutputs(network, input, await runInLab(network, input));
  });
});

const kinds = ({ nodes }: Network): string[] => nodes.map(({ op }) => op).sort();

/** Ids, but for those of powers, which are composed of products that have no name of their own in the file. */
const named = ({ nodes }: Network): string[] => nodes.filter(({ op }) => op !== 'multiply').map(({ id }) => id).sort();

describe('an import, exported and imported again', () => {
  const folder = new URL('../fixtures/onnx/', import.meta.url);
  const names = readdirSync(folder).filter((file) => file.endsWith('.onnx')).map((file) => file.slice(0, -'.onnx'.length));

  it.each(names)('%s runs in onnxruntime and keeps nodes and names', async (name) => {
    const network = await importOnnx(await readFile(new URL(`${name}.onnx`, folder)), (path) => readFile(new URL(path, folder)));
    const input = randomInput(network);
    const again = await expectOutputs(network, input, await runInLab(network, input));
    expect(kinds(again)).toEqual(kinds(network));
    expect(named(again)).toEqual(named(network));
    expect(again.outputs).toEqual(network.outputs);
  });
});
