import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { coupling } from '../../network/coupling.ts';
import { opt125m } from '../../network/fixtures/architectures/decoders.ts';
import type { Network } from '../../network/network.ts';
import { inferShapes } from '../../network/shapes.ts';
import { prune } from '../../network/surgery.ts';
import { consumerLayers } from '../../pruning/consumerLayers.ts';
import { prunableGroups } from '../../pruning/keepSets.ts';
import { computeLogits } from '../evaluate.ts';
import { arraySource, randomSource, relativeError } from '../fixtures/arrays.ts';
import { inputOf, networkOf, TRANSFORMERS as oracle } from '../fixtures/transformers.ts';
import { startWasm } from '../fixtures/wasmBackend.ts';
import { CompiledNetwork } from '../interpreter.ts';
import { flowNetwork } from './flowNetwork.ts';
import { FeatureMapsNeededError } from './hrank.ts';
import { intervalBounds } from './intervalBounds.ts';
import type { NetworkCriterionInput } from './networkCriterion.ts';
import { ReluNeededError } from './stableRelu.ts';
import { NETWORK_CRITERIA, type NetworkSelection } from './table.ts';

beforeAll(async () => {
  await startWasm();
});

/** Two blocks of an OPT: a decoder with ReLUs. */
function optNetwork(): Network {
  const whole = opt125m({ divisor: 64, size: 8, classes: 20, seed: 2 });
  return { ...whole, nodes: whole.nodes.filter(({ id }) => !/^block([3-9]|1[0-2])_/.test(id)).map((node) => (node.id === 'norm' ? { ...node, inputs: ['block2_add2'] } : node)) };
}

const NETWORKS = {
  vit: networkOf(oracle.vit), swin: networkOf(oracle.swin), gpt2: networkOf(oracle.gpt2), llama: networkOf(oracle.llama), opt: optNetwork(),
} as const;
type Name = keyof typeof NETWORKS;

function inputFor(name: Name): NetworkCriterionInput {
  const network = NETWORKS[name];
  const shape = inferShapes(network).get('input') ?? [];
  const isText = shape.length === 1;
  const images = !isText ? randomSource(6, shape, 3) : name === 'opt' ? arraySource(Float32Array.from({ length: 48 }, (_, k) => (k * k + 5 * k) % 20), shape) : inputOf(oracle[name as 'llama'], network);
  return { network, coupled: coupling(network), images, ...(isText ? {} : { labels: [0, 1, 2, 3, 0, 1] }), seed: 3, inputBox: { least: [0], greatest: [1] } };
}

/** What a rule lacks there. */
const REFUSALS: Partial<Record<NetworkSelection, { readonly names: readonly Name[]; readonly error: typeof FeatureMapsNeededError | typeof ReluNeededError }>> = {
  hrank: { names: ['vit', 'gpt2', 'llama', 'opt'], error: FeatureMapsNeededError },
  stableRelu: { names: ['vit', 'swin', 'gpt2', 'llama'], error: ReluNeededError },
};

describe.each(Object.keys(NETWORKS) as Name[])('of the rules that run the network, on %s', (name) => {
  // a thousand ablations of pictures take seconds
  const rules = (Object.keys(NETWORK_CRITERIA) as NetworkSelection[]).filter((rule) => rule !== 'coar' || inferShapes(NETWORKS[name]).get('input')?.length === 1);

  it.each(rules)('%s tells components of every group apart, or says what it lacks', async (rule) => {
    const tensors = tf.memory().numTensors;
    const input = inputFor(name);
    const running = NETWORK_CRITERIA[rule](input);
    const refusal = REFUSALS[rule];
    if (refusal?.names.includes(name)) {
      await expect(running).rejects.toThrow(refusal.error);
      return;
    }
    const scores = await running;
    for (const { name: group, channels } of prunableGroups(input.coupled.groups)) {
      const own = scores.get(group) ?? new Float64Array(0);
      expect(own, group).toHaveLength(channels);
      expect(own.every(Number.isFinite), group).toBe(true);
      // bounds and ranks of so small a network may be equal, and ReLUs may be closed for all of the text
      const alive = own.filter((score) => score !== 0);
      if (rule !== 'hrank' && rule !== 'stableRelu') expect(new Set(alive).size, group).toBe(alive.length);
      expect(alive.length, group).toBeGreaterThanOrEqual(channels / 2);
    }
    if (rule === 'stableRelu') expect(new Set([...scores.values()].flatMap((own) => [...own])).size).toBeGreaterThan(20);
    expect(tf.memory().numTensors).toBe(tensors);
  });
});

it.each(['opt', 'vit'] as const)('bounds hold every value of %s', async (name) => {
  const { network, images } = inputFor(name);
  const ids = network.nodes.map(({ id }) => id);
  const compiled = new CompiledNetwork(network, ids);
  const x = tf.tensor(await images.read(0, images.count), [images.count, ...images.shape]);
  const values = compiled.run(x, ids);
  const known = new Set<string>();
  await intervalBounds(network, { least: [0], greatest: [1] }, async ({ id, op }, bounds) => {
    if ('unknown' in bounds || (op === 'input' && name === 'opt')) return;
    const outside = tf.tidy(() => tf.max(tf.maximum(tf.sub(bounds.lower, values[id]), tf.sub(values[id], bounds.upper))));
    expect((await outside.data())[0], id).toBeLessThanOrEqual(0);
    outside.dispose();
    known.add(op);
  });
  for (const op of ['layerNorm', 'dense', 'attention', 'activation'] as const) expect(known, op).toContain(op);
  tf.dispose([x, values]);
  compiled.dispose();
});

it.each([['gpt2', 'block1_qkv'], ['gpt2', 'block0_up'], ['llama', 'block1_gate']] as const)('synflow is what the flow network loses with a component, where nothing behind it multiplies: %s, %s', async (name, producer) => {
  const input = inputFor(name);
  const scores = await NETWORK_CRITERIA.synflow(input);
  const flow = flowNetwork(input.network, { linear: false });
  const ones = { count: 1, shape: [8], read: async () => new Float32Array(8).fill(1) };
  const total = async (of: Network) => (await computeLogits(of, ones)).values.reduce((sum, value) => sum + value, 0);
  const whole = await total(flow);
  const group = prunableGroups(input.coupled.groups).find(({ producers }) => producers.includes(producer));
  const own = scores.get(group?.name ?? '');
  if (!group || !own) throw new Error(producer);
  const lost: number[] = [];
  for (let c = 0; c < own.length; c++) lost.push(whole - (await total(prune(flow, { keep: { [group.name]: Array.from(own.keys()).filter((k) => k !== c) }, weights: {} }))));
  const scale = lost[0] / own[0];
  expect(relativeError(own.map((score) => score * scale), lost)).toBeLessThan(1e-3);
});

it('nonlinear reconstruction takes out the head first whose part of the output is 0', async () => {
  const input = inputFor('gpt2');
  const layer = consumerLayers(input.network, input.coupled).find(({ p }) => p > 1);
  if (!layer) throw new Error('no heads');
  const { kernel } = layer.node.weights;
  const silent = 1;
  const rows = layer.p * layer.m;
  const values = kernel.values.map((value, at) => (Math.floor(at / rows) === silent ? 0 : value));
  const network = { ...input.network, nodes: input.network.nodes.map((node) => (node.id === layer.id ? { ...layer.node, weights: { ...layer.node.weights, kernel: { ...kernel, values } } } as typeof node : node)) };
  const scores = await NETWORK_CRITERIA.nonlinear({ ...input, network, coupled: coupling(network) });
  expect(scores.get(layer.inputs.groups[0].name)?.indexOf(0)).toBe(silent);
});
