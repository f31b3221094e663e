import * as tf from '@tensorflow/tfjs';
import * as fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { plainNetwork, residualNetwork } from '../network/fixtures/networks.ts';
import { randomPlan } from '../network/fixtures/randomPlan.ts';
import { couplingGroups } from '../network/coupling.ts';
import type { Network, Node, Weight } from '../network/network.ts';
import { inferShapes } from '../network/shapes.ts';
import { prune } from '../network/surgery.ts';
import {
  greatestDifference, openInTfjs, predictions, randomBatch, runInTfjs, savedByTfjs, shardReader,
} from './fixtures/plainTfjs.ts';
import { exportTfjsLayers, importTfjsLayers, unzipTfjsLayers, zipTfjsLayers } from './tfjsLayers.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

/** Draws for every weight, so that zeros and ones of the initialisers hide nothing. */
function randomise(model: tf.LayersModel): void {
  model.setWeights(
    model.getWeights().map((weight, i) => tf.randomUniform(weight.shape, weight.rank > 1 ? -0.4 : 0.1, 0.5, 'float32', i)),
  );
}

const { layers } = tf;
type Symbolic = tf.SymbolicTensor;

function residualInTfjs(): tf.LayersModel {
  const input = tf.input({ shape: [8, 8, 3], name: 'in' });
  const scaled = layers.rescaling({ scale: 1 / 64, offset: -1.875, name: 'scaled' }).apply(input) as Symbolic;
  const stem = layers.conv2d({ filters: 4, kernelSize: 3, padding: 'same', activation: 'relu', name: 'stem' }).apply(scaled) as Symbolic;
  const conv = layers.conv2d({ filters: 4, kernelSize: [3, 1], padding: 'same', useBias: false, name: 'conv' }).apply(stem) as Symbolic;
  const norm = layers.batchNormalization({ axis: 3, scale: false, name: 'norm' }).apply(conv) as Symbolic;
  const sum = layers.add({ name: 'sum' }).apply([norm, stem]) as Symbolic;
  const relu = layers.reLU({ maxValue: 6, name: 'relu' }).apply(sum) as Symbolic;
  const padded = layers.zeroPadding2d({ padding: [[0, 1], [0, 1]], name: 'padded' }).apply(relu) as Symbolic;
  const strided = layers.conv2d({ filters: 5, kernelSize: 3, strides: 2, activation: 'tanh', name: 'strided' }).apply(padded) as Symbolic;
  const pooled = layers.globalAveragePooling2d({ name: 'pooled' }).apply(strided) as Symbolic;
  const logits = layers.dense({ units: 3, name: 'logits' }).apply(pooled) as Symbolic;
  return tf.model({ inputs: input, outputs: layers.softmax({ axis: 1, name: 'softmax' }).apply(logits) as Symbolic });
}

function vggInTfjs(): tf.LayersModel {
  return tf.sequential({
    name: 'vgg',
    layers: [
      layers.conv2d({ inputShape: [9, 9, 2], filters: 4, kernelSize: 3, padding: 'same', activation: 'relu', name: 'c1' }),
      layers.maxPooling2d({ poolSize: 2, padding: 'same', name: 'p1' }),
      layers.conv2d({ filters: 3, kernelSize: 3, padding: 'valid', name: 'c2' }),
      layers.batchNormalization({ name: 'n2' }),
      layers.activation({ activation: 'sigmoid', name: 'a2' }),
      layers.averagePooling2d({ poolSize: [2, 1], strides: 1, padding: 'same', name: 'p2' }),
      layers.dropout({ rate: 0.25, name: 'd' }),
      layers.flatten({ name: 'f' }),
      layers.dense({ units: 6, activation: 'relu', useBias: false, name: 'd1' }),
      layers.dense({ units: 3, activation: 'softmax', name: 'd2' }),
    ],
  });
}

describe('import and export against plain TensorFlow.js', () => {
  it.each([
    ['a residual model', residualInTfjs],
    ['a VGG with pooling and flatten', vggInTfjs],
  ])('carries %s over and back with equal outputs', async (_name, build) => {
    const model = build();
    randomise(model);
    const { modelJson, shards } = await savedByTfjs(model);
    const network = await importTfjsLayers(modelJson, shardReader(shards));
    const batch = randomBatch(3, model.inputs[0].shape.slice(1) as number[]).mul(120);
    const expected = await predictions(model, batch);
    expect(new Set(expected).size).toBeGreaterThan(3);
    expect(await runInTfjs(network, batch)).toEqual(expected);
  });

  it('infers the shapes that TensorFlow.js infers', async () => {
    for (const model of [residualInTfjs(), vggInTfjs()]) {
      const { modelJson, shards } = await savedByTfjs(model);
      const shapes = inferShapes(await importTfjsLayers(modelJson, shardReader(shards)));
      for (const layer of model.layers) {
        expect([layer.name, ...(shapes.get(layer.name) ?? [])]).toEqual([layer.name, ...layer.outputShape.slice(1)]);
      }
    }
  });

  it('makes a fused activation a node of its own and rewires its readers', async () => {
    const { modelJson, shards } = await savedByTfjs(residualInTfjs());
    const network = await importTfjsLayers(modelJson, shardReader(shards));
    const inputsOf = (id: string): readonly string[] | undefined => network.nodes.find((node) => node.id === id)?.inputs;
    expect(inputsOf('stem_activation')).toEqual(['stem']);
    expect(inputsOf('sum')).toEqual(['norm', 'stem_activation']);
  });

  it('round trips networks exactly, weights bit by bit', async () => {
    for (const network of [residualNetwork(), plainNetwork()]) {
      const { modelJson, weights } = exportTfjsLayers(network);
      const json: unknown = JSON.parse(JSON.stringify(modelJson));
      expect(await importTfjsLayers(json, async () => weights)).toStrictEqual(network);
      expect(await unzipTfjsLayers(zipTfjsLayers(network, { 'README.md': 'Hello' }))).toStrictEqual(network);
    }
  });
});

describe('surgery, run in plain TensorFlow.js', () => {
  it('opens with the pruned shapes', async () => {
    const pruned = prune(residualNetwork(), { keep: { stem: [0, 2, 3], block2_conv1: [6] }, weights: {} });
    const model = await openInTfjs(pruned);
    expect(model.getLayer('block1_add').outputShape).toEqual([null, 8, 8, 3]);
    expect(model.getLayer('block2_conv2').getWeights()[0].shape).toEqual([3, 3, 1, 8]);
    model.dispose();
  });

  it.each([
    ['a residual network', residualNetwork()],
    ['a network with flatten', plainNetwork()],
  ])('equals masking the cut channels of %s to 1e-5', async (_name, network) => {
    const batch = randomBatch(2, inferShapes(network).get(network.nodes[0].id) ?? []);
    await fc.assert(
      fc.asyncProperty(randomPlan(network), async (plan) => {
        const pruned = await runInTfjs(prune(network, plan), batch);
        for (const masked of [deafen(network, plan.keep), silence(network, plan.keep)]) {
          expect(greatestDifference(pruned, await runInTfjs(masked, batch))).toBeLessThan(1e-5);
        }
      }),
      { numRuns: 12, seed: 5 },
    );
  });

  it('keeps the outputs where the plan keeps every channel', async () => {
    const network = residualNetwork();
    const batch = randomBatch(2, [8, 8, 3]);
    const all = Object.fromEntries(couplingGroups(network).map((g) => [g.name, Array.from({ length: g.channels }, (_, i) => i)]));
    expect(await runInTfjs(prune(network, { keep: all, weights: {} }), batch)).toEqual(await runInTfjs(network, batch));
  });
});

type Keep = Readonly<Record<string, readonly number[]>>;

/** Zeroes the weights with which consumers read the cut channels. */
function deafen(network: Network, keep: Keep): Network {
  return maskWeights(network, keep, (node, group) => {
    const reads = group.consumers.includes(node.id);
    if (!reads || (node.op !== 'conv2d' && node.op !== 'dense')) return node;
    const axis = node.op === 'conv2d' ? 2 : 0;
    return { ...node, weights: { ...node.weights, kernel: zeroAxis(node.weights.kernel, axis, group.channels, keep[group.name]) } };
  });
}

/** Makes producers and norms emit exact zeros in the cut channels, so that consumers see zeros. */
function silence(network: Network, keep: Keep): Network {
  return maskWeights(network, keep, (node, group) => {
    const kept = keep[group.name];
    const vector = (weight: Weight): Weight => zeroAxis(weight, 0, group.channels, kept);
    if (group.producers.includes(node.id) && (node.op === 'conv2d' || node.op === 'dense')) {
      const { kernel, bias } = node.weights;
      const cut = zeroAxis(kernel, kernel.shape.length - 1, group.channels, kept);
      return { ...node, weights: { kernel: cut, ...(bias && { bias: vector(bias) }) } };
    }
    if (group.passThroughs.includes(node.id) && node.op === 'batchNorm') {
      const { gamma, beta, mean, variance } = node.weights;
      return {
        ...node,
        weights: { ...(gamma && { gamma: vector(gamma) }), ...(beta && { beta: vector(beta) }), mean: vector(mean), variance },
      };
    }
    return node;
  });
}

function maskWeights(
  network: Network,
  keep: Keep,
  mask: (node: Node, group: ReturnType<typeof couplingGroups>[number]) => Node,
): Network {
  const cut = couplingGroups(network).filter((group) => Object.hasOwn(keep, group.name));
  return { ...network, nodes: network.nodes.map((node) => cut.reduce((masked, group) => mask(masked, group), node)) };
}

/** Zero where the index along `axis`, modulo `channels`, is not kept. */
function zeroAxis(weight: Weight, axis: number, channels: number, kept: readonly number[]): Weight {
  const inner = weight.shape.slice(axis + 1).reduce((p, d) => p * d, 1);
  const values = weight.values.map((value, i) =>
    kept.includes((Math.floor(i / inner) % weight.shape[axis]) % channels) ? value : 0,
  );
  return { shape: weight.shape, values };
}
