import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { openInTfjs } from '../formats/fixtures/plainTfjs.ts';
import { networkBuilder, plainNetwork, randomWeights, residualNetwork } from '../network/fixtures/networks.ts';
import type { Network } from '../network/network.ts';
import { inferShapes } from '../network/shapes.ts';
import { randomSource, relativeError } from './fixtures/arrays.ts';
import { everyOpNetwork } from './fixtures/everyOpNetwork.ts';
import { mixedNetwork } from './fixtures/mixedNetwork.ts';
import { shippedLayersModel, shippedNetwork, testImages } from './fixtures/shipped.ts';
import { startWasm } from './fixtures/wasmBackend.ts';
import { readBatch } from './batches.ts';
import { CompiledNetwork } from './interpreter.ts';
import { operatorOf } from './operators.ts';
import { UnsupportedNodeError } from './operators/operator.ts';

const SMALL = { residual: residualNetwork(), plain: plainNetwork(4), everyOp: everyOpNetwork() };
const ALL = { ...SMALL, mixed: mixedNetwork(), norms: normsNetwork() };

/**
 * A norm and a relu after every kind of linear node, a norm that follows none, on 6 × 7 × 4. The
 * second output lies in the middle of such a run.
 */
function normsNetwork(): Network {
  const b = networkBuilder(8);
  const weight = randomWeights(9);
  const normed = (id: string, from: string, channels: number, name: 'relu' | 'relu6'): string =>
    b.activation(`${id}_relu`, b.norm(`${id}_norm`, from, channels), name);
  const window = { strides: [1, 1], padding: [[1, 1], [0, 2]], dilations: [1, 1] } as const;
  let x = normed('input', b.input('input', [6, 7, 4]), 4, 'relu');
  x = normed('grouped', b.conv('grouped', x, [3, 3], 4, 6, { groups: 2, bias: true }), 6, 'relu6');
  x = normed('depthwise', b.node({
    id: 'depthwise', op: 'depthwiseConv2d', inputs: [x], attributes: window,
    weights: { kernel: weight([3, 3, 6, 2]), bias: weight([12]) },
  }), 12, 'relu');
  x = normed('transposed', b.node({
    id: 'transposed', op: 'transposedConv2d', inputs: [x], attributes: { strides: [2, 2], cropping: [[1, 0], [1, 0]] },
    weights: { kernel: weight([3, 3, 5, 12]) },
  }), 5, 'relu');
  x = normed('pixels', b.dense('pixels', x, 5, 4, false), 4, 'relu');
  x = normed('vector', b.dense('vector', b.globalPool('pool', x), 4, 3), 3, 'relu6');
  return b.build('norms', x, 'pixels_norm');
}

beforeAll(async () => {
  await startWasm();
});

function inputOf(network: Network, images: number): Promise<tf.Tensor> {
  return readBatch(randomSource(images, inferShapes(network).get(network.nodes[0].id) ?? []), 0, images);
}

/** Values of the compiled network as arrays, by node id; disposes everything. */
async function valuesOf(network: Network, taps: readonly string[], x: tf.Tensor): Promise<Record<string, Float32Array>> {
  const compiled = new CompiledNetwork(network, taps);
  const values = compiled.run(x, [...new Set([...taps, ...network.outputs])]);
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

describe.each(['resnet20-cifar10', 'vgg-cifar10', 'mobilenetv2-cifar10'])('the interpreter on %s', (id) => {
  it('gives the logits of plain tf.loadLayersModel on real test images', async () => {
    const network = await shippedNetwork(id);
    const x = await readBatch(await testImages(100, 16), 0, 16);
    const model = await shippedLayersModel(id);
    const { expected } = await arraysOf({ expected: model.predict(x) as tf.Tensor });
    const { [network.outputs[0]]: logits } = await valuesOf(network, [], x);
    expect(logits.length).toBe(160);
    expect(relativeError(logits, expected)).toBeLessThan(1e-4);
    model.dispose();
    x.dispose();
  });

  it('gives the same logits fused and node by node', async () => {
    const network = await shippedNetwork(id);
    const x = await readBatch(await testImages(0, 2), 0, 2);
    const { [network.outputs[0]]: fused } = await valuesOf(network, [], x);
    expect(relativeError(fused, (await nodeByNode(network, x))[network.outputs[0]])).toBeLessThan(1e-4);
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
});

describe.each(Object.entries(ALL))('the interpreter on the %s network', (_, network) => {
  const ids = network.nodes.map(({ id }) => id);

  it('gives the same value at a node whatever else is fused around it', async () => {
    const x = await inputOf(network, 2);
    const expected = await nodeByNode(network, x);
    for (const id of ids) {
      expect(expected[id].some((value) => value !== 0), `${id} says something`).toBe(true);
      const actual = await valuesOf(network, [id], x);
      expect(relativeError(actual[id], expected[id]), id).toBeLessThan(1e-5);
      for (const output of network.outputs) {
        expect(relativeError(actual[output], expected[output]), `output while tapping ${id}`).toBeLessThan(1e-5);
      }
    }
    x.dispose();
  });

  it('holds only its weights, leaves only what was asked for, and after dispose nothing', async () => {
    const x = await inputOf(network, 2);
    const before = tf.memory().numTensors;
    const compiled = new CompiledNetwork(network, ids);
    const holding = tf.memory().numTensors;
    expect(holding).toBeGreaterThan(before);
    for (const wanted of [network.outputs, ids]) {
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
    // a conv that a norm or relu alone reads is fused away; the stems of these two have other readers
    if (network.name !== 'every-op' && network.name !== 'mixed') expect(() => compiled.run(x, [fusedAway])).toThrow(`"${fusedAway}"`);
    expect(() => compiled.run(x, ['nowhere'])).toThrow('"nowhere"');
    expect(tf.memory().numTensors).toBe(before);
    compiled.dispose();
    x.dispose();
  });
});

/** Names of the backend's kernels that one run calls. */
async function kernels(network: Network, taps: readonly string[]): Promise<string[]> {
  const x = await inputOf(network, 1);
  const compiled = new CompiledNetwork(network, taps);
  const profile = await tf.profile(() => compiled.run(x));
  compiled.dispose();
  x.dispose();
  return profile.kernels.map(({ name }) => name);
}

it('fusing happens: norm and activation take no call of their own', async () => {
  const network = residualNetwork();
  const all = network.nodes.map(({ id }) => id);
  // 5 convolutions of 6 are followed by a norm or a norm and relu
  expect((await kernels(network, all)).length - (await kernels(network, [])).length).toBeGreaterThanOrEqual(6);
});

it('a norm and a relu are fused into every kind of linear node, and a relu into a norm', async () => {
  const names = await kernels({ ...ALL.norms, outputs: ALL.norms.outputs.slice(0, 1) }, []);
  expect(names.filter((name) => ['Relu', 'Relu6', 'Add', 'Multiply'].includes(name))).toEqual([]);
  expect(names.filter((name) => name === 'FusedDepthwiseConv2D')).toHaveLength(2);
  const withOutputInside = await kernels(ALL.norms, []);
  expect(withOutputInside.filter((name) => name === 'Relu')).toHaveLength(1);
});

it('returns all outputs unless asked for others', async () => {
  const x = await inputOf(ALL.norms, 2);
  const compiled = new CompiledNetwork(ALL.norms);
  const values = compiled.run(x);
  expect(Object.entries(values).map(([id, { shape }]) => [id, shape])).toEqual([
    ['vector_relu', [2, 3]],
    ['pixels_norm', [2, 12, 14, 4]],
  ]);
  tf.dispose([values, x]);
  compiled.dispose();
});

it('frees what an operator leaves behind before the next one runs', async () => {
  const b = networkBuilder(1);
  let x = b.input('input', [8, 8, 16]);
  for (let k = 0; k < 20; k++) {
    x = b.node({ id: `norm${k}`, op: 'layerNorm', inputs: [x], attributes: { epsilon: 1e-3 }, weights: {} });
  }
  const network = b.build('norms', x);
  const batch = await inputOf(network, 2);
  const compiled = new CompiledNetwork(network);
  const before = tf.memory().numBytes;
  const { peakBytes } = await tf.profile(() => compiled.run(batch));
  // input and value, and the three of its size that a layer norm makes on its way
  expect((peakBytes - before) / (4 * batch.size)).toBeLessThan(6);
  compiled.dispose();
  batch.dispose();
});

it('uploads nothing of a network with a layer that cannot run', () => {
  const b = networkBuilder(1);
  const conv = b.conv('conv', b.input('input', [4, 4, 2]), [3, 3], 2, 4, { bias: true });
  const network = b.build('deep', b.node({ id: 'deep', op: 'reshape', inputs: [conv], attributes: { shape: [2, 2, 2, 2, 2, 2] }, weights: {} }));
  const before = tf.memory().numTensors;
  expect(() => new CompiledNetwork(network)).toThrow(UnsupportedNodeError);
  expect(tf.memory().numTensors).toBe(before);
});
