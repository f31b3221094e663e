import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { openInTfjs } from '../formats/fixtures/plainTfjs.ts';
import { plainNetwork, residualNetwork } from '../network/fixtures/networks.ts';
import type { Network } from '../network/network.ts';
import { inferShapes } from '../network/shapes.ts';
import { randomSource, relativeError } from './fixtures/arrays.ts';
import { everyOpNetwork } from './fixtures/everyOpNetwork.ts';
import { shippedLayersModel, shippedNetwork, testImages } from './fixtures/shipped.ts';
import { startWasm } from './fixtures/wasmBackend.ts';
import { readBatch } from './calibrate.ts';
import { CompiledNetwork } from './interpreter.ts';
import { operatorOf } from './operators.ts';

const SMALL = { residual: residualNetwork(), plain: plainNetwork(4), everyOp: everyOpNetwork() };

beforeAll(async () => {
  await startWasm();
});

function inputOf(network: Network, images: number): Promise<tf.Tensor> {
  return readBatch(randomSource(images, inferShapes(network).get(network.nodes[0].id) ?? []), 0, images);
}

/** Values of the compiled network as arrays, by node id; disposes everything. */
async function valuesOf(network: Network, taps: readonly string[], x: tf.Tensor): Promise<Record<string, Float32Array>> {
  const compiled = new CompiledNetwork(network, taps);
  const values = compiled.run(x, [...new Set([...taps, network.output])]);
  compiled.dispose();
  return arraysOf(values);
}

/** The definition: one operator after the other, nothing fused. */
async function nodeByNode(network: Network, x: tf.Tensor): Promise<Record<string, Float32Array>> {
  const values = tf.tidy(() => {
    const made: Record<string, tf.Tensor> = {};
    for (const node of network.nodes) {
      made[node.id] = node.op === 'input'
        ? x.clone()
        : operatorOf(node, ({ values: v, shape }) => tf.tensor(v, [...shape]))(node.inputs.map((id) => made[id]));
    }
    return made;
  });
  return arraysOf(values);
}

/** Values as arrays; disposes the tensors. */
async function arraysOf(tensors: Record<string, tf.Tensor>): Promise<Record<string, Float32Array>> {
  const arrays: Record<string, Float32Array> = {};
  for (const [id, tensor] of Object.entries(tensors)) arrays[id] = (await tensor.data()) as Float32Array;
  tf.dispose(tensors);
  return arrays;
}

describe.each(['resnet20-cifar10', 'vgg-cifar10'])('the interpreter on %s', (id) => {
  it('gives the logits of plain tf.loadLayersModel on real test images', async () => {
    const network = await shippedNetwork(id);
    const x = await readBatch(await testImages(100, 16), 0, 16);
    const model = await shippedLayersModel(id);
    const { expected } = await arraysOf({ expected: model.predict(x) as tf.Tensor });
    const { [network.output]: logits } = await valuesOf(network, [], x);
    expect(logits.length).toBe(160);
    expect(relativeError(logits, expected)).toBeLessThan(1e-4);
    model.dispose();
    x.dispose();
  });

  it('gives the same logits fused and node by node', async () => {
    const network = await shippedNetwork(id);
    const x = await readBatch(await testImages(0, 2), 0, 2);
    const { [network.output]: fused } = await valuesOf(network, [], x);
    expect(relativeError(fused, (await nodeByNode(network, x))[network.output])).toBeLessThan(1e-4);
    x.dispose();
  });
});

describe.each(Object.entries(SMALL))('the interpreter on the %s network', (_, network) => {
  const ids = network.nodes.map(({ id }) => id);

  it('gives at every node the value of that layer in plain TensorFlow.js on another backend', async () => {
    const x = await inputOf(network, 3);
    const actual = await valuesOf(network, ids, x);
    await tf.setBackend('cpu');
    const model = await openInTfjs(network);
    const every = tf.model({ inputs: model.inputs, outputs: model.layers.map((layer) => layer.output as tf.SymbolicTensor) });
    const expected = every.predict(x) as tf.Tensor[];
    expect(model.layers.map(({ name }) => name).sort()).toEqual([...ids].sort());
    for (const [at, { name }] of model.layers.entries()) {
      expect(relativeError(actual[name], await expected[at].data()), name).toBeLessThan(1e-5);
    }
    tf.dispose(expected);
    model.dispose();
    await tf.setBackend('wasm');
    x.dispose();
  });

  it('gives the same value at a node whatever else is fused around it', async () => {
    const x = await inputOf(network, 2);
    const expected = await nodeByNode(network, x);
    for (const id of ids) {
      expect(expected[id].some((value) => value !== 0), `${id} says something`).toBe(true);
      const actual = await valuesOf(network, [id], x);
      expect(relativeError(actual[id], expected[id]), id).toBeLessThan(1e-5);
      expect(relativeError(actual[network.output], expected[network.output]), `output while tapping ${id}`).toBeLessThan(1e-5);
    }
    x.dispose();
  });

  it('holds only its weights, leaves only what was asked for, and after dispose nothing', async () => {
    const x = await inputOf(network, 2);
    const before = tf.memory().numTensors;
    const compiled = new CompiledNetwork(network, ids);
    const holding = tf.memory().numTensors;
    expect(holding).toBeGreaterThan(before);
    for (const wanted of [[network.output], ids]) {
      const values = compiled.run(x, wanted);
      expect(tf.memory().numTensors).toBe(holding + wanted.length);
      tf.dispose(values);
    }
    compiled.dispose();
    expect(tf.memory().numTensors).toBe(before);
    expect(x.isDisposed).toBe(false);
    x.dispose();
  });

  it('names a node that was not tapped and leaks nothing over it', async () => {
    const x = await inputOf(network, 1);
    const compiled = new CompiledNetwork(network);
    const before = tf.memory().numTensors;
    const fusedAway = network.nodes.find(({ op }) => op === 'conv2d')?.id ?? '';
    // a conv that a norm or activation alone reads is fused away; the everyOp stem has two readers
    if (network.name !== 'every-op') expect(() => compiled.run(x, [fusedAway])).toThrow(`"${fusedAway}"`);
    expect(() => compiled.run(x, ['nowhere'])).toThrow('"nowhere"');
    expect(tf.memory().numTensors).toBe(before);
    compiled.dispose();
    x.dispose();
  });
});

/** Calls of the backend in one run. */
async function calls(network: Network, taps: readonly string[]): Promise<number> {
  const x = await inputOf(network, 1);
  const compiled = new CompiledNetwork(network, taps);
  const { kernels } = await tf.profile(() => compiled.run(x));
  compiled.dispose();
  x.dispose();
  return kernels.length;
}

it('fusing happens: norm and activation take no call of their own', async () => {
  const network = residualNetwork();
  const all = network.nodes.map(({ id }) => id);
  // 5 convolutions of 6 are followed by a norm (2 calls) or a norm and relu (3 calls)
  expect((await calls(network, all)) - (await calls(network, []))).toBeGreaterThanOrEqual(6);
});
