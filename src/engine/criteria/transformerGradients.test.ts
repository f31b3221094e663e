import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { coupling } from '../../network/coupling.ts';
import type { ComponentMap } from '../../network/couplingGroup.ts';
import { isConsumer, type Network } from '../../network/network.ts';
import { withResidualChannels } from '../../network/residualChannels.ts';
import { prune } from '../../network/surgery.ts';
import { eachKernelValue } from '../../pruning/criteria/kernelValues.ts';
import { prunableGroups } from '../../pruning/keepSets.ts';
import { relativeError } from '../fixtures/arrays.ts';
import { inputOf, networkOf, TRANSFORMERS as networks } from '../fixtures/transformers.ts';
import { startWasm } from '../fixtures/wasmBackend.ts';
import { weightGradients } from '../training/weightGradients.ts';
import oracle from './fixtures/transformerGradients.json' with { type: 'json' };
import { eachLossGradient, LabelsNeededError } from './lossGradients.ts';
import { NETWORK_CRITERIA } from './table.ts';

// Expected values: zoo/oracles/gradients.py, by PyTorch's autograd in float64.

const TOLERANCE = 1e-3;
const NAMES = ['vit', 'swin', 'gpt2', 'llama'] as const;

beforeAll(async () => {
  await startWasm();
});

function subjectOf(name: (typeof NAMES)[number]) {
  const network = networkOf(networks[name]);
  const expected: { readonly labels: readonly number[]; readonly kernels: Readonly<Record<string, readonly number[]>>; readonly effects: Readonly<Record<string, readonly number[]>> } = oracle[name];
  return { network, images: inputOf(networks[name], network), expected };
}

/** Sums by group and channel of one number for each feature. */
function addTo(sums: ReadonlyMap<string, Float64Array>, { groups, group, component }: ComponentMap, values: (feature: number) => number): void {
  group.forEach((of, feature) => {
    const own = sums.get(groups[of].name);
    if (own) own[component[feature]] += values(feature);
  });
}

const zeros = (network: Network) => new Map(prunableGroups(coupling(network).groups).map(({ name, channels }) => [name, new Float64Array(channels)]));

describe.each(NAMES)('gradients through %s', (name) => {
  const { network, images, expected } = subjectOf(name);
  const { features } = coupling(network);

  it('are those of autograd, at what every dense layer reads and for its weights', async () => {
    const tensors = tf.memory().numTensors;
    const layers = new Map(network.nodes.flatMap((node) => (node.op === 'dense' ? [[node.id, node] as const] : [])));
    const effects = new Map<string, number[]>();
    const kernels = new Map<string, Float64Array>();
    const made: { id: string; value: tf.Tensor; gradient: tf.Tensor; effect: tf.Tensor }[] = [];
    await eachLossGradient('test', { network, images, labels: expected.labels }, layers.keys(), (id, value, gradient, output) => {
      const width = value.shape[value.rank - 1];
      const effect = tf.sum(tf.reshape(tf.mul(value, gradient), [value.shape[0], -1, width]), 1);
      made.push({ id, value: tf.keep(tf.clone(value)), gradient: tf.keep(tf.clone(output)), effect: tf.keep(effect) });
    }, async () => {
      for (const { id, value, gradient, effect } of made.splice(0)) {
        const node = layers.get(id);
        if (!node) throw new Error(id);
        effects.set(id, [...(effects.get(id) ?? []), ...await effect.data()]);
        const { kernel } = await weightGradients(node, value, gradient, undefined);
        const sum = kernels.get(id) ?? new Float64Array(kernel.length);
        kernels.set(id, sum.map((own, at) => own + kernel[at] / images.count));
        tf.dispose([value, gradient, effect]);
      }
    }, {});
    expect([...kernels.keys()].sort()).toEqual(Object.keys(expected.kernels).sort());
    // queries and keys move the loss less than values: each is held against its own size, down to a thousandth of the greatest
    const greatest = Math.max(...Object.values(expected.kernels).flat().map(Math.abs));
    for (const [id, own] of kernels) {
      const scale = Math.max(greatest / 1000, ...expected.kernels[id].map(Math.abs));
      own.forEach((gradient, at) => expect(Math.abs(gradient - expected.kernels[id][at]) / scale, `${id} ${at}`).toBeLessThan(TOLERANCE));
      expect(relativeError(effects.get(id) ?? [], expected.effects[id]), id).toBeLessThan(TOLERANCE);
    }
    expect(tf.memory().numTensors).toBe(tensors);
  });

  it('make the scores of the Taylor rule and of LLM-Pruner', async () => {
    const input = { network, coupled: coupling(network), images, labels: expected.labels, seed: 1 };
    const taylor = zeros(network);
    for (let window = 0; window < images.count; window++) {
      const own = zeros(network);
      for (const [id, effects] of Object.entries(expected.effects)) {
        const map = features.get(network.nodes.find((node) => node.id === id)?.inputs[0] ?? '');
        if (map) addTo(own, map, (f) => effects[window * map.group.length + f]);
      }
      for (const [group, sums] of own) sums.forEach((sum, c) => { (taylor.get(group) ?? sums)[c] += Math.abs(sum) / images.count; });
    }
    const pruner = zeros(network);
    for (const node of network.nodes.filter(isConsumer)) {
      const [read, written, gradient] = [features.get(node.inputs[0]), features.get(node.id), expected.kernels[node.id]];
      if (!read || !written || !gradient) continue;
      const [inputs, outputs] = [new Float64Array(read.group.length), new Float64Array(written.group.length)];
      let at = 0;
      eachKernelValue(node, (weight, i, o) => {
        const change = Math.abs(weight * gradient[at++]);
        inputs[i] += change;
        outputs[o] += change;
      });
      addTo(pruner, read, (f) => inputs[f]);
      addTo(pruner, written, (f) => outputs[f]);
    }
    for (const [rule, scores] of [['taylor', taylor], ['llmPruner', pruner]] as const) {
      const found = await NETWORK_CRITERIA[rule](input);
      expect([...found.keys()].sort()).toEqual([...scores.keys()].sort());
      for (const [group, own] of scores) expect(relativeError(found.get(group) ?? [], own), `${rule} ${group}`).toBeLessThan(TOLERANCE);
    }
  });
});

describe('gradients through norms over more channels than there are', () => {
  it.each(['gpt2', 'llama'] as const)('are those of the network with zeros in their place: %s', async (name) => {
    const { network, images, expected } = subjectOf(name);
    const residual = withResidualChannels(network);
    const stream = coupling(residual).features.get('embedding')?.groups[0];
    if (!stream || stream.frozen !== undefined) throw new Error(`the stream is frozen: ${stream?.frozen}`);
    const gone = new Set([2, 7]);
    const keep = { [stream.name]: Array.from({ length: stream.channels }, (_, c) => c).filter((c) => !gone.has(c)) };
    const smaller = prune(residual, { keep, weights: {} });
    // cut: zeros in all that writes the channels
    const { features } = coupling(residual);
    const zeroed: Network = { ...network, nodes: network.nodes.map((node) => ({
      ...node,
      weights: Object.fromEntries(Object.entries(node.weights as Readonly<Record<string, { shape: readonly number[]; values: Float32Array }>>).map(([weight, { shape, values }]) => {
        const map = features.get(node.id);
        const own = map && map.groups[map.group[0]].name === stream.name && shape.at(-1) === stream.channels && (node.op === 'embedding' || node.op === 'positions' || node.op === 'dense' || node.op === 'layerNorm' || node.op === 'rmsNorm');
        return [weight, own ? { shape, values: values.map((value, at) => (gone.has(at % stream.channels) ? 0 : value)) } : { shape, values }];
      })),
    })) as unknown as Network['nodes'] };
    const [found, wanted] = await Promise.all([smaller, zeroed].map(async (one) => NETWORK_CRITERIA.taylor({ network: one, coupled: coupling(one), images, labels: expected.labels, seed: 1 })));
    const groups = [...wanted.keys()];
    expect(groups.length).toBeGreaterThan(3);
    for (const group of groups) expect(relativeError(found.get(group) ?? [], wanted.get(group) ?? []), group).toBeLessThan(TOLERANCE);
  });
});

describe('what a window foretells', () => {
  const { network, images, expected } = subjectOf('llama');
  const taylor = (labels?: ArrayLike<number>) => NETWORK_CRITERIA.taylor({ network, coupled: coupling(network), images, seed: 1, ...(labels ? { labels } : {}) });

  it('is its own next tokens where no labels are given', async () => {
    const own = expected.labels.map((label, at) => (at % 8 === 7 ? -1 : label));
    expect([...await taylor()]).toEqual([...await taylor(own)]);
    expect([...await taylor()]).not.toEqual([...await taylor(expected.labels)]);
  });

  it('must be a token for each position', async () => {
    await expect(taylor([1, 2])).rejects.toThrow('a token for each of 6 windows of 8, 48 in all, found 2');
    await expect(taylor(expected.labels.with(5, 20))).rejects.toThrow(LabelsNeededError);
  });
});
