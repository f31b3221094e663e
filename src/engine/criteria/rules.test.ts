import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { seededRandom } from '../../fidelity/random.ts';
import { coupling } from '../../network/coupling.ts';
import { PUBLISHED } from '../../network/fixtures/architectures/published.ts';
import { networkBuilder, plainNetwork, residualNetwork } from '../../network/fixtures/networks.ts';
import type { Network } from '../../network/network.ts';
import { inferShapes } from '../../network/shapes.ts';
import { prune } from '../../network/surgery.ts';
import { prunableGroups } from '../../pruning/keepSets.ts';
import { computeLogits } from '../evaluate.ts';
import { randomSource, relativeError } from '../fixtures/arrays.ts';
import { everyOpNetwork } from '../fixtures/everyOpNetwork.ts';
import { mixedNetwork } from '../fixtures/mixedNetwork.ts';
import { startWasm } from '../fixtures/wasmBackend.ts';
import { CompiledNetwork } from '../interpreter.ts';
import { CancelledError } from '../job.ts';
import { flowNetwork } from './flowNetwork.ts';
import { intervalBounds } from './intervalBounds.ts';
import type { NetworkCriterionInput } from './networkCriterion.ts';
import { stableUnits } from './stableRelu.ts';
import { NETWORK_CRITERIA, type NetworkSelection } from './table.ts';
import { LabelsNeededError } from './lossGradients.ts';

beforeAll(async () => {
  await startWasm();
});

const RULES = Object.keys(NETWORK_CRITERIA) as NetworkSelection[];

function inputOf(network: Network, count = 6): NetworkCriterionInput {
  const images = randomSource(count, inferShapes(network).get(network.nodes[0].id) ?? []);
  return { network, coupled: coupling(network), images, labels: Array.from({ length: count }, (_, k) => k % 3), seed: 3, inputBox: { least: [0], greatest: [1] } };
}

function published(name: string): Network {
  const found = PUBLISHED.find((one) => one.name === name);
  if (!found) throw new Error(`no structure ${name}`);
  return found.build({ ...found.narrow, seed: 7 });
}

describe('every rule', () => {
  it.each([
    ['mixed', mixedNetwork(), RULES],
    ['every op', everyOpNetwork(), RULES],
    ['plain', plainNetwork(4), RULES],
    // a thousand ablations of these would take long
    ...['mobilenet_v2', 'mobilenet_v3_large', 'shufflenet_v2_x1_0']
      .map((name) => [name, published(name), RULES.filter((rule) => rule !== 'coar')] as const),
  ] as const)('gives every group that may be cut a finite score for each channel, and not all the same: %s', async (_, network, rules) => {
    const tensors = tf.memory().numTensors;
    const input = inputOf(network, rules.length < RULES.length ? 2 : 6);
    for (const rule of rules) {
      const scores = await NETWORK_CRITERIA[rule](input);
      for (const { name, channels } of prunableGroups(input.coupled.groups)) {
        const own = scores.get(name);
        expect(own, `${rule} ${name}`).toHaveLength(channels);
        expect(own?.every(Number.isFinite), `${rule} ${name}`).toBe(true);
      }
      const all = [...scores.values()].flatMap((own) => [...own]);
      expect(new Set(all).size, rule).toBeGreaterThan(1);
    }
    expect(tf.memory().numTensors).toBe(tensors);
  });

  it.each(RULES)('stops when it is cancelled, and frees what it had: %s', async (rule) => {
    const tensors = tf.memory().numTensors;
    const controller = new AbortController();
    let reports = 0;
    const running = NETWORK_CRITERIA[rule](inputOf(residualNetwork(), 100), {
      signal: controller.signal,
      onProgress: () => (++reports === 1 ? controller.abort() : undefined),
    });
    // data-free rules without progress stop at the next step
    if (rule === 'synflow') controller.abort();
    await expect(running).rejects.toThrow(CancelledError);
    expect(reports).toBeLessThan(2);
    expect(tf.memory().numTensors).toBe(tensors);
  });

  it('is the same for the same seed', async () => {
    const input = inputOf(residualNetwork());
    const [a, b, other] = [await NETWORK_CRITERIA.coar(input), await NETWORK_CRITERIA.coar(input), await NETWORK_CRITERIA.coar({ ...input, seed: 4 })];
    expect([...a.values()]).toEqual([...b.values()]);
    expect([...a.values()]).not.toEqual([...other.values()]);
  });
});

/** Float32 holds 3e38; 40 layers of absolute weights, each of which multiplies about tenfold, leave that. */
function deepNetwork(): Network {
  const b = networkBuilder(6);
  let x = b.input('input', [4, 4, 3]);
  for (let k = 0; k < 40; k++) x = b.activation(`relu_${k}`, b.conv(`conv_${k}`, x, [3, 3], k === 0 ? 3 : 8, 8), 'relu');
  return b.build('deep', b.dense('logits', b.flatten('flatten', x), 128, 4));
}

describe('synflow', () => {
  it('conserves the flow from layer to layer, however deep the network', async () => {
    const scores = await NETWORK_CRITERIA.synflow(inputOf(deepNetwork()));
    const totals = [...scores.values()].map((own) => own.reduce((sum, flow) => sum + flow, 0));
    expect(totals).toHaveLength(40);
    for (const total of totals) expect(Math.abs(total / totals[0] - 1)).toBeLessThan(1e-4);
  });

  it('is what the flow network loses with a channel, where paths read it once', async () => {
    const network = plainNetwork(4);
    const scores = await NETWORK_CRITERIA.synflow(inputOf(network));
    const flow = flowNetwork(network, { linear: false });
    const ones = { count: 1, shape: [9, 9, 2], read: async () => new Float32Array(162).fill(1) };
    const total = async (of: Network) => (await computeLogits(of, ones)).values.reduce((sum, value) => sum + value, 0);
    const whole = await total(flow);
    const summed = [...scores.values()][0].reduce((sum, own) => sum + own, 0);
    for (const [name, own] of scores) {
      const lost: number[] = [];
      for (let c = 0; c < own.length; c++) {
        const keep = { [name]: Array.from(own.keys()).filter((k) => k !== c) };
        lost.push((whole - (await total(prune(flow, { keep, weights: {} })))) / whole);
      }
      expect(relativeError(own.map((score) => score / summed), lost), name).toBeLessThan(1e-4);
    }
  });
});

describe('interval bounds', () => {
  it.each([
    ['every op', everyOpNetwork()], ['mixed', mixedNetwork()], ['plain', plainNetwork(4)], ['residual', residualNetwork()],
    ['convnext_tiny', published('convnext_tiny')], ['mobilenet_v3_large', published('mobilenet_v3_large')],
  ] as const)('hold every value that pictures of the box give: %s', async (_, network) => {
    const shape = inferShapes(network).get(network.nodes[0].id) ?? [];
    const size = shape.reduce((product, axis) => product * axis, 1);
    const random = seededRandom(9);
    // random pictures, and corners of the box
    const pixels = Float32Array.from({ length: 6 * size }, (_, k) => (k < 3 * size ? random() : Math.round(random())));
    const x = tf.tensor(pixels, [6, ...shape]);
    const ids = network.nodes.map(({ id }) => id);
    const compiled = new CompiledNetwork(network, ids);
    const values = compiled.run(x, ids);
    let checked = 0;
    await intervalBounds(network, { least: [0], greatest: [1] }, async ({ id }, bounds) => {
      if ('unknown' in bounds) return;
      const outside = tf.tidy(() => tf.max(tf.maximum(tf.sub(bounds.lower, values[id]), tf.sub(values[id], bounds.upper))));
      expect((await outside.data())[0], id).toBeLessThanOrEqual(0);
      outside.dispose();
      checked++;
    });
    expect(checked).toBeGreaterThan(network.nodes.length / 4);
    tf.dispose([x, values]);
    compiled.dispose();
  });

  it('give up by name where they leave float32, and say so for every later layer', async () => {
    const units = await stableUnits(deepNetwork());
    expect(units[0].unknown).toBeUndefined();
    expect(units.at(-1)).toMatchObject({ units: 0, unknown: expect.stringMatching(/"conv_\d+" \(conv2d\) leave the range of float32/) as string });
  });

  it('let channels go that are proven dead, without changing an output', async () => {
    const network = residualNetwork();
    const dead: Network = {
      ...network,
      nodes: network.nodes.map((node) =>
        node.op === 'batchNorm' && node.id === 'block1_conv1_norm'
          ? { ...node, weights: { ...node.weights, beta: { shape: [5], values: Float32Array.of(0, -500, 0, -500, 0) } } } : node),
    };
    const input = inputOf(dead);
    const scores = (await NETWORK_CRITERIA.stableRelu(input)).get('block1_conv1') ?? new Float64Array(0);
    expect([...scores].flatMap((score, c) => (score === 0 ? [c] : []))).toEqual([1, 3]);
    const smaller = prune(dead, { keep: { block1_conv1: [0, 2, 4] }, weights: {} });
    expect(relativeError((await computeLogits(smaller, input.images)).values, (await computeLogits(dead, input.images)).values)).toBeLessThan(1e-6);
  });
});

describe('the Taylor rule', () => {
  it('asks for labels that fit', async () => {
    const { labels: _, ...input } = inputOf(residualNetwork());
    const fails = (labels: number[] | undefined) => expect(NETWORK_CRITERIA.taylor({ ...input, ...(labels ? { labels } : {}) })).rejects;
    await fails(undefined).toThrow(LabelsNeededError);
    await fails([0, 1]).toThrow('one class for each of 6 pictures, found 2');
    await fails([0, 1, 2, 3, 4, 0]).toThrow('of class 4, but the network tells 4 classes apart');
    await expect(NETWORK_CRITERIA.taylor(inputOf(published('unet'), 1))).rejects.toThrow(/a network that classifies or foretells tokens; this one's first output is \[/);
  });
});
