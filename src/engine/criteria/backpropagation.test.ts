import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { coupling } from '../../network/coupling.ts';
import { PUBLISHED } from '../../network/fixtures/architectures/published.ts';
import { networkBuilder, plainNetwork, randomWeights, residualNetwork } from '../../network/fixtures/networks.ts';
import type { ActivationName, Network, Node } from '../../network/network.ts';
import { inferShapes } from '../../network/shapes.ts';
import { prune } from '../../network/surgery.ts';
import { relativeError } from '../fixtures/arrays.ts';
import { everyOpNetwork } from '../fixtures/everyOpNetwork.ts';
import { mixedNetwork } from '../fixtures/mixedNetwork.ts';
import { startWasm } from '../fixtures/wasmBackend.ts';
import { CompiledNetwork } from '../interpreter.ts';
import { Backpropagation, GradientsUnavailableError } from './backpropagation.ts';
import { channelColumns, ChannelMasks } from './channelMasks.ts';
import { featureSums } from './featureSums.ts';
import { ChannelSums, groupReads } from './groupReads.ts';

beforeAll(async () => {
  await startWasm();
});
afterEach(() => {
  vi.restoreAllMocks();
});

/** A chain in which every activation has something to do, and layouts that the other fixtures lack. */
function curvedNetwork(): Network {
  const b = networkBuilder(8);
  const names: readonly ActivationName[] = ['elu', 'selu', 'gelu', 'geluTanh', 'silu', 'hardSwish', 'hardSigmoid', 'sigmoid', 'tanh', 'softplus', 'leakyRelu', 'linear'];
  let x = b.conv('first', b.input('input', [7, 6, 3]), [3, 3], 3, 5, { bias: true });
  names.forEach((name, k) => {
    x = b.activation(`${name}_${k}`, b.norm(`norm_${k}`, b.conv(`conv_${k}`, x, [1, 1], 5, 5), 5), name);
  });
  const weight = randomWeights(4);
  x = b.node({ id: 'prelu', op: 'prelu', inputs: [b.conv('for_prelu', x, [1, 1], 5, 6)], attributes: {}, weights: { alpha: weight([1, 1, 6]) } });
  x = b.node({ id: 'dilated', op: 'depthwiseConv2d', inputs: [x], attributes: { strides: [1, 1], padding: [[2, 1], [1, 2]], dilations: [2, 1] }, weights: { kernel: weight([3, 2, 6, 2]) } });
  x = b.node({ id: 'grouped', op: 'conv2d', inputs: [x], attributes: { strides: [2, 1], padding: 'same', dilations: [1, 1], groups: 2 }, weights: { kernel: weight([3, 3, 6, 8]) } });
  x = b.node({ id: 'instance', op: 'groupNorm', inputs: [x], attributes: { groups: 8, epsilon: 1e-3 }, weights: { gamma: weight([8], 0.5, 1) } });
  for (const [id, interpolation, coordinates] of [['nearest', 'nearest', 'asymmetric'], ['bilinear', 'bilinear', 'halfPixel']] as const) {
    x = b.node({ id, op: 'resize2d', inputs: [b.conv(`before_${id}`, x, [1, 1], 8, 8)], attributes: { size: [5, 8], interpolation, coordinates }, weights: {} });
  }
  x = b.node({ id: 'cropped', op: 'crop2d', inputs: [x], attributes: { cropping: [[1, 0], [0, 2]] }, weights: {} });
  const left = b.node({ id: 'left', op: 'slice', inputs: [x], attributes: { axis: 2, start: 0, size: 4 }, weights: {} });
  const right = b.node({ id: 'right', op: 'slice', inputs: [x], attributes: { axis: 2, start: 4, size: 4 }, weights: {} });
  x = b.node({ id: 'difference', op: 'subtract', inputs: [left, right], attributes: {}, weights: {} });
  x = b.node({ id: 'turned', op: 'permute', inputs: [b.conv('before_turn', x, [1, 1], 4, 4)], attributes: { order: [2, 0, 1] }, weights: {} });
  x = b.node({ id: 'turned_back', op: 'permute', inputs: [x], attributes: { order: [1, 2, 0] }, weights: {} });
  return b.build('curved', b.activation('softmax', b.dense('logits', b.flatten('flat', b.conv('last', x, [2, 2], 4, 3)), 72, 4), 'softmax'));
}

interface Measured {
  readonly found: number[];
  readonly expected: number[];
}

const STEP = 2 ** -9;

/** `∂f / ∂(factor of a channel)` at all of its reads, by one pass back and by central differences; f is a random sum of the outputs. */
async function derivatives(network: Network): Promise<Measured> {
  const coupled = coupling(network);
  const reads = groupReads(network, coupled);
  const input = inferShapes(network).get(network.nodes[0].id) ?? [];
  const picture = tf.tensor(randomWeights(3)([1, ...input], 1).values, [1, ...input]);
  const sizes = network.outputs.map((id) => [1, ...(inferShapes(network).get(id) ?? [])]);
  const directions = sizes.map((shape, k) => tf.tensor(randomWeights(k + 20)(shape, 1).values, shape));

  const pass = new Backpropagation(network, reads.map(({ node }) => node.id));
  const made: [string, tf.Tensor][] = [];
  pass.run(
    picture,
    () => Object.fromEntries(network.outputs.map((id, k) => [id, directions[k]])),
    (consumer, value, gradient) => {
      const read = reads.find(({ node }) => node.id === consumer);
      if (read) made.push([consumer, tf.keep(featureSums(tf.mul(value, gradient), read.features))]);
    },
  );
  const sums = new ChannelSums(coupled);
  for (const [consumer, tensor] of made) {
    const read = reads.find(({ node }) => node.id === consumer);
    if (read) sums.add(read.features, await tensor.data());
    tensor.dispose();
  }
  pass.dispose();

  const columns = channelColumns(coupled);
  const chosen = Array.from({ length: Math.min(24, columns.count) }, (_, k) => Math.floor((k * columns.count) / Math.min(24, columns.count)));
  const factors = new Float32Array(2 * chosen.length * columns.count).fill(1);
  chosen.forEach((column, k) => {
    factors[2 * k * columns.count + column] = 1 + STEP;
    factors[(2 * k + 1) * columns.count + column] = 1 - STEP;
  });
  const masks = new ChannelMasks(reads, columns);
  const compiled = new CompiledNetwork(network);
  const x = tf.tile(picture, [2 * chosen.length, ...input.map(() => 1)]);
  const values = compiled.run(x, network.outputs, masks.hook(factors));
  const ends = new Float64Array(2 * chosen.length);
  for (const [k, id] of network.outputs.entries()) {
    const [own, direction] = [await values[id].data(), await directions[k].data()];
    for (let at = 0; at < own.length; at++) ends[Math.floor(at / direction.length)] += own[at] * direction[at % direction.length];
  }
  tf.dispose([values, x, picture, directions]);
  compiled.dispose();
  masks.dispose();
  const all = [...sums.scores.values()].flatMap((scores) => [...scores]);
  return { found: chosen.map((column) => all[column]), expected: chosen.map((_, k) => (ends[2 * k] - ends[2 * k + 1]) / (2 * STEP)) };
}

const NETWORKS: readonly (readonly [string, () => Network])[] = [
  ['curved', curvedNetwork],
  ['every op', everyOpNetwork],
  ['mixed', mixedNetwork],
  ['residual', residualNetwork],
  ['plain', () => plainNetwork(4)],
  ...PUBLISHED.filter(({ name }) => ['efficientnet_b0', 'mobilenet_v3_large', 'convnext_tiny', 'unet', 'densenet121', 'shufflenet_v2_x1_0'].includes(name))
    .map(({ name, build, narrow }) => [name, () => build({ ...narrow, seed: 7 })] as const),
];

const SMOOTHED: Partial<Readonly<Record<ActivationName, ActivationName>>> = { relu: 'softplus', relu6: 'softplus', hardSwish: 'silu', hardSigmoid: 'sigmoid' };

/** Corners spoil differences. Those of the activations are in the first network alone, and in the oracle of the Taylor rule. */
function withoutCorners(network: Network): Network {
  if (network.name === 'curved') return network;
  return {
    ...network,
    nodes: network.nodes.map((node): Node => {
      const smooth = node.op === 'activation' ? SMOOTHED[node.attributes.function] : undefined;
      return smooth && node.op === 'activation' ? { ...node, attributes: { function: smooth } } : node;
    }),
  };
}

describe('Backpropagation', () => {
  it.each(NETWORKS)('has the derivatives that central differences have: %s', async (_, open) => {
    const { found, expected } = await derivatives(withoutCorners(open()));
    expect(Math.max(...expected.map(Math.abs))).toBeGreaterThan(0);
    expect(relativeError(found, expected)).toBeLessThan(5e-3);
  });

  it('leaves no tensors behind', async () => {
    const before = tf.memory().numTensors;
    await derivatives(mixedNetwork());
    expect(tf.memory().numTensors).toBe(before);
  });

  it('names the layer and the backend where a gradient cannot be computed', async () => {
    const original = tf.engine().runKernel.bind(tf.engine());
    vi.spyOn(tf.engine(), 'runKernel').mockImplementation((kernel, ...rest) => {
      if (kernel === 'StridedSlice') throw new Error("Kernel 'StridedSlice' not registered for backend 'wasm'");
      return original(kernel, ...rest);
    });
    const failure = derivatives(everyOpNetwork());
    await expect(failure).rejects.toThrow(GradientsUnavailableError);
    await expect(failure).rejects.toThrow(/"same_max" \(maxPool2d\).*on wasm.*StridedSlice/);
  });
});

describe('ChannelMasks', () => {
  it.each(NETWORKS)('give every entry of a batch what surgery gives: %s', async (_, open) => {
    const network = open();
    const coupled = coupling(network);
    const columns = channelColumns(coupled);
    const input = inferShapes(network).get(network.nodes[0].id) ?? [];
    const picture = randomWeights(3)([1, ...input], 1).values;
    // entry k loses a channel of its own in every group that has more than one
    const keeps = [0, 1].map((entry) => Object.fromEntries(coupled.groups.flatMap(({ name, channels, frozen, parts }) =>
      frozen === undefined && channels > 1 && !parts ? [[name, Array.from({ length: channels }, (_, c) => c).filter((c) => c !== entry)]] : [])));
    const factors = new Float32Array(2 * columns.count).fill(1);
    keeps.forEach((keep, entry) => Object.keys(keep).forEach((name) => {
      factors[entry * columns.count + (columns.first.get(name) ?? 0) + entry] = 0;
    }));
    const masks = new ChannelMasks(groupReads(network, coupled), columns);
    const compiled = new CompiledNetwork(network);
    const x = tf.tensor(Float32Array.from([...picture, ...picture]), [2, ...input]);
    const [output] = network.outputs;
    const { [output]: masked } = compiled.run(x, [output], masks.hook(factors));
    const values = await masked.data();
    tf.dispose([x, masked]);
    compiled.dispose();
    masks.dispose();
    for (const [entry, keep] of keeps.entries()) {
      const smaller = new CompiledNetwork(prune(network, { keep, weights: {} }));
      const one = tf.tensor(picture, [1, ...input]);
      const { [output]: pruned } = smaller.run(one, [output]);
      const size = values.length / 2;
      expect(relativeError(values.slice(entry * size, (entry + 1) * size), await pruned.data())).toBeLessThan(1e-4);
      tf.dispose([one, pruned]);
      smaller.dispose();
    }
    expect(relativeError(values.slice(0, values.length / 2), values.slice(values.length / 2)), 'the entries differ').toBeGreaterThan(1e-3);
  });
});

/** Everything that has a gradient of its own is in one of the networks above. */
it('covers every op', () => {
  const seen = new Set<Node['op']>(NETWORKS.flatMap(([, open]) => open().nodes.map(({ op }) => op)));
  for (const op of ['activation', 'prelu', 'add', 'subtract', 'multiply', 'concat', 'slice', 'flatten', 'reshape', 'permute', 'zeroPad2d', 'crop2d', 'maxPool2d', 'globalMaxPool2d', 'globalAveragePool2d', 'averagePool2d', 'layerNorm', 'groupNorm', 'conv2d', 'depthwiseConv2d', 'transposedConv2d', 'dense', 'batchNorm', 'rescaling', 'resize2d', 'dropout'] as const) {
    expect(seen, op).toContain(op);
  }
});
