import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { singletonScores } from '../fidelity/singletonFidelity.ts';
import { coupling, keptFeatures } from '../network/coupling.ts';
import type { Node } from '../network/network.ts';
import type { PrunePlan } from '../network/prunePlan.ts';
import { withSequenceLength } from '../network/sequenceLength.ts';
import { inferShapes, validateNetwork } from '../network/shapes.ts';
import { prune } from '../network/surgery.ts';
import { consumerLayers } from '../pruning/consumerLayers.ts';
import { CRITERIA } from '../pruning/criteria/table.ts';
import { componentWeights } from '../pruning/layerWeights.ts';
import { oneShotPlan } from '../pruning/oneShotPlan.ts';
import { measuresOf } from './calibrate.ts';
import { computeLogits } from './evaluate.ts';
import { arraySource, randomSource, relativeError } from './fixtures/arrays.ts';
import { inputOf, networkOf, TRANSFORMERS as oracle } from './fixtures/transformers.ts';
import { startWasm } from './fixtures/wasmBackend.ts';
import type { Correlator } from './kernels/correlator.ts';
import { pruneSequentially } from './sequential.ts';

// Expected values: zoo/oracles/transformers.py, by PyTorch and torchvision in float64.

const TOLERANCE = 1e-4;

function squaredError(values: Float32Array, expected: ArrayLike<number>): number {
  return values.reduce((sum, z, k) => sum + (z - expected[k]) ** 2, 0);
}

let correlator: Correlator;
beforeAll(async () => {
  ({ correlator } = await startWasm());
});

describe('networks of PyTorch', () => {
  it.each([
    ['vit', oracle.vit, oracle.vit.logits],
    ['swin', oracle.swin, oracle.swin.logits],
    ['gpt2', oracle.gpt2, oracle.gpt2.logits.intact],
    ['llama', oracle.llama, oracle.llama.logits.intact],
  ] as const)('%s gives the same logits', async (_, one, logits) => {
    const network = networkOf(one);
    validateNetwork(network);
    const { values } = await computeLogits(network, inputOf(one, network));
    expect(relativeError(values, logits)).toBeLessThan(TOLERANCE);
  });
});

describe.each([['gpt2', oracle.gpt2], ['llama', oracle.llama]] as const)('a pruned %s', (_, one) => {
  const network = networkOf(one);
  const coupled = coupling(network);
  const layers = consumerLayers(network, coupled);
  const keep: PrunePlan['keep'] = one.keep;
  const tokens = inputOf(one, network);
  const logits = async (plan: PrunePlan): Promise<Float32Array> => (await computeLogits(prune(network, plan), tokens)).values;

  it('has one layer for the heads and one for the neurons of every block', () => {
    expect(layers.map(({ id, n, p }) => ({ id, n, p }))).toEqual(Object.entries(one.layers).map(([id, { n, p }]) => ({ id, n, p })));
    expect(coupled.groups.filter(({ frozen }) => frozen === undefined).map(({ name }) => name).sort()).toEqual(Object.keys(keep).sort());
  });

  it('scores and refits neurons and heads as explicit contributions of all tokens do', async () => {
    const { statistics } = await measuresOf({ network, layers }, tokens, correlator);
    const plan = oneShotPlan(layers, statistics, keep, 'leastSquares');
    for (const layer of layers) {
      const expected = one.layers[layer.id as keyof typeof one.layers];
      const measured = statistics.get(layer.id);
      if (!measured) throw new Error(`no statistics of ${layer.id}`);
      expect(relativeError(measured.energy, expected.energy), layer.id).toBeLessThan(TOLERANCE);
      expect(relativeError(singletonScores(measured), expected.singleton), layer.id).toBeLessThan(TOLERANCE);
      expect(relativeError(plan.weights[layer.id].kernel.values, expected.leastSquares), layer.id).toBeLessThan(TOLERANCE);
      // the same numbers in the layout of the formulas
      expect(componentWeights(layer, layer.node.weights.kernel)[layer.p + 1]).toBeCloseTo(layer.node.weights.kernel.values[(layer.p + 1) * layer.m], 12);
    }
  });

  it('gives the same logits, uncompensated, refitted in one shot and block by block', async () => {
    const { statistics } = await measuresOf({ network, layers }, tokens, correlator);
    const found = {
      none: await logits({ keep, weights: {} }),
      oneShot: await logits(oneShotPlan(layers, statistics, keep, 'leastSquares')),
      sequential: await logits(await pruneSequentially(network, keep, 'leastSquares', tokens, correlator)),
    };
    for (const [name, values] of Object.entries(found)) {
      expect(relativeError(values, one.logits[name as keyof typeof found]), name).toBeLessThan(TOLERANCE);
    }
    const { intact } = one.logits;
    expect(squaredError(found.oneShot, intact)).toBeLessThan(0.9 * squaredError(found.none, intact));
    expect(squaredError(found.sequential, intact)).toBeLessThan(0.9 * squaredError(found.oneShot, intact));
  });
});

describe('statistics over tokens', () => {
  it('are the same of heads whose Gram is too wide to be kept', async () => {
    const network = networkOf(oracle.llama);
    const coupled = coupling(network);
    const layers = consumerLayers(network, coupled);
    const tokens = inputOf(oracle.llama, network);
    const wide = layers.map((layer) => ({ ...layer, statistics: 'contributions' as const }));
    const { contributions } = await measuresOf({ network, layers: wide }, tokens, correlator);
    for (const { id } of layers) {
      const expected = oracle.llama.layers[id as keyof typeof oracle.llama.layers].singleton;
      expect(relativeError(contributions.get(id) ?? [], expected), id).toBeLessThan(TOLERANCE);
    }
  });

  it('let every rule on weights and statistics score neurons and heads', async () => {
    const network = networkOf(oracle.llama);
    const coupled = coupling(network);
    const layers = consumerLayers(network, coupled);
    const measures = await measuresOf({ network, layers }, inputOf(oracle.llama, network), correlator);
    const groups = coupled.groups.filter(({ frozen }) => frozen === undefined);
    for (const [name, rule] of Object.entries(CRITERIA)) {
      const scores = rule({ network, coupled, layers, measures, fit: 'leastSquares', seed: 1 });
      for (const group of groups) {
        const own = scores.get(group.name);
        expect(own, `${name} ${group.name}`).toHaveLength(group.channels);
        expect(own && new Set(own).size, `${name} ${group.name}`).toBe(group.channels);
      }
    }
  });
});

describe('a picture transformer', () => {
  it.each([['vit', oracle.vit], ['swin', oracle.swin]] as const)('%s is brought nearer to itself by sequential least squares, and computes the same with all kept', async (_, one) => {
    const network = networkOf(one);
    const groups = coupling(network).groups.filter(({ frozen }) => frozen === undefined);
    const shape = inferShapes(network).get('input') ?? [];
    const [calibration, test] = [randomSource(12, shape, 3), randomSource(6, shape, 4)];
    const keep = Object.fromEntries(groups.map(({ name, channels }) => [name, Array.from({ length: channels - Math.max(1, Math.floor(channels / 3)) }, (_none, i) => i)]));
    const tensors = tf.memory().numTensors;
    const intact = (await computeLogits(network, test)).values;
    const errorOf = async (plan: PrunePlan) => {
      const { values } = await computeLogits(prune(network, plan), test);
      return squaredError(values, intact) / squaredError(intact, new Float32Array(intact.length));
    };
    const [none, fitted] = [await errorOf({ keep, weights: {} }), await errorOf(await pruneSequentially(network, keep, 'leastSquares', calibration, correlator))];
    expect(none).toBeGreaterThan(1e-3);
    expect(fitted).toBeLessThan(0.7 * none);
    const all = Object.fromEntries(groups.map(({ name, channels }) => [name, Array.from({ length: channels }, (_none, i) => i)]));
    expect(await errorOf(await pruneSequentially(network, all, 'leastSquares', calibration, correlator))).toBe(0);
    expect(tf.memory().numTensors).toBe(tensors);
  });
});

describe('surgery', () => {
  it.each(Object.entries(oracle))('of %s computes what masked heads and neurons do', async (_, one) => {
    const network = networkOf(one);
    const { groups, features } = coupling(network);
    const keep = Object.fromEntries(groups.flatMap(({ name, channels, frozen }) =>
      (frozen === undefined ? [[name, Array.from({ length: Math.ceil(channels / 2) }, (_none, i) => Math.min(2 * i, channels - 1))]] : [])));
    const input = inputOf(one, network);
    const masked = { ...network, nodes: network.nodes.map((node): Node => {
      const map = features.get(node.inputs[0] ?? '');
      const kept = map && keptFeatures(map, keep);
      if (!kept || node.op !== 'dense') return node;
      const { shape, values } = node.weights.kernel;
      const stays = new Set(kept);
      return { ...node, weights: { ...node.weights, kernel: { shape, values: values.map((w, at) => (stays.has(Math.floor(at / shape[1])) ? w : 0)) } } };
    }) };
    const [cut, expected, intact] = await Promise.all([prune(network, { keep, weights: {} }), masked, network].map(async (each) => (await computeLogits(each, input)).values));
    expect(relativeError(cut, expected)).toBeLessThan(1e-5);
    expect(relativeError(cut, intact)).toBeGreaterThan(1e-2);
  });
});

it('a causal network says of the first tokens what it says of them alone', async () => {
  for (const one of [oracle.gpt2, oracle.llama]) {
    const network = networkOf(one);
    const [whole, vocabulary] = [8, 20];
    const first = 5;
    const ids = Float32Array.from(one.input.filter((_, at) => at % whole < first));
    const { values } = await computeLogits(withSequenceLength(network, first), arraySource(ids, [first]));
    const expected = one.logits.intact.filter((_, at) => Math.floor(at / vocabulary) % whole < first);
    expect(relativeError(values, expected)).toBeLessThan(TOLERANCE);
  }
});
