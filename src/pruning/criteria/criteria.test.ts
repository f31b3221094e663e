import { describe, expect, it } from 'vitest';
import { backwardOrder } from '../../fidelity/selection/componentOrder.ts';
import { intactStatistics } from '../../fidelity/layerStatistics.ts';
import { coupling } from '../../network/coupling.ts';
import type { Network, Node } from '../../network/network.ts';
import { consumerLayers } from '../consumerLayers.ts';
import { componentWeights } from '../layerWeights.ts';
import type { LayerMeasures } from '../statisticsStore.ts';
import { bnScale } from './bnScale.ts';
import type { CriterionInput } from './criterion.ts';
import { dfpc } from './dfpc.ts';
import { l1, l2 } from './filterNorms.ts';
import fixture from './fixtures/criteria.json' with { type: 'json' };
import { fpgm } from './fpgm.ts';
import { groupConsumers } from '../groupConsumers.ts';
import { obc, obcRemovals } from './obc.ts';
import { reap, reapRemovals } from './reap.ts';
import { singleton } from './singleton.ts';
import { thinet, thinetRemovals } from './thinet.ts';

const weight = ({ shape, values }: { shape: number[]; values: number[] }) => ({ shape, values: Float32Array.from(values) });
const vector = (values: number[]) => weight({ shape: [values.length], values });

const relu = (id: string, from: string): Node => ({ id, op: 'activation', inputs: [from], attributes: { function: 'relu' }, weights: {} });

/** The network of zoo/oracles/criteria.py: a residual stream, a depthwise convolution, a group without norms. */
function fixtureNetwork(): Network {
  const { kernels, biases, norms, side, epsilon } = fixture;
  const same = { strides: [1, 1], padding: 'same', dilations: [1, 1] } as const;
  const conv = (id: 'stem' | 'inner' | 'project' | 'plain', from: string): Node => ({
    id, op: 'conv2d', inputs: [from], attributes: { ...same, groups: 1 },
    weights: { kernel: weight(kernels[id]), ...(id === 'plain' && { bias: vector(biases.plain) }) },
  });
  const normRelu = (id: keyof typeof norms, from: string, act = true): Node[] => {
    const { gamma, beta, mean, variance } = norms[id];
    return [
      {
        id, op: 'batchNorm', inputs: [from], attributes: { epsilon },
        weights: { gamma: vector(gamma), beta: vector(beta), mean: vector(mean), variance: vector(variance) },
      },
      ...(act ? [relu(`${id}_relu`, id)] : []),
    ];
  };
  return {
    name: 'oracle',
    outputs: ['logits'],
    nodes: [
      { id: 'input', op: 'input', inputs: [], attributes: { shape: [side, side, 3] }, weights: {} },
      conv('stem', 'input'), ...normRelu('stem_norm', 'stem'),
      conv('inner', 'stem_norm_relu'), ...normRelu('inner_norm', 'inner'),
      { id: 'depthwise', op: 'depthwiseConv2d', inputs: ['inner_norm_relu'], attributes: same, weights: { kernel: weight(kernels.depthwise) } },
      ...normRelu('depthwise_norm', 'depthwise'),
      conv('project', 'depthwise_norm_relu'), ...normRelu('project_norm', 'project', false),
      { id: 'add', op: 'add', inputs: ['project_norm', 'stem_norm_relu'], attributes: {}, weights: {} },
      relu('stream', 'add'),
      conv('plain', 'stream'), relu('plain_relu', 'plain'),
      { id: 'pool', op: 'averagePool2d', inputs: ['plain_relu'], attributes: { poolSize: [2, 2], strides: [2, 2], padding: 'valid' }, weights: {} },
      { id: 'flatten', op: 'flatten', inputs: ['pool'], attributes: {}, weights: {} },
      { id: 'logits', op: 'dense', inputs: ['flatten'], attributes: {}, weights: { kernel: weight(kernels.logits), bias: vector(biases.logits) } },
    ],
  };
}

function fixtureInput(): CriterionInput {
  const network = fixtureNetwork();
  const coupled = coupling(network);
  const layers = consumerLayers(network, coupled);
  const grams: Readonly<Record<string, number[]>> = fixture.grams;
  const statistics: LayerMeasures['statistics'] = new Map(layers.map((layer) => {
    const { id, n, p, m, node } = layer;
    const weights = componentWeights(layer, node.weights.kernel);
    return [id, intactStatistics({ n, p, m, weights, gram: Float64Array.from(grams[id]) })];
  }));
  return { network, coupled, layers, measures: { statistics, contributions: new Map() }, fit: 'scale', seed: 1 };
}

const input = fixtureInput();
const GROUPS = ['stem', 'inner', 'plain'] as const;

/** Greatest error relative to the greatest expected value. */
function relativeError(found: ArrayLike<number>, expected: readonly number[]): number {
  expect(found.length).toBe(expected.length);
  const scale = Math.max(...expected.map(Math.abs));
  return Math.max(...expected.map((value, i) => Math.abs(found[i] - value))) / scale;
}

describe('against the oracle in NumPy and PyTorch', () => {
  it('has the oracle’s groups: a stream of two producers and two consumers, a depthwise pass-through, one without norms', () => {
    const groups = input.coupled.groups.filter(({ frozen }) => frozen === undefined);
    expect(groups.map(({ name, producers, consumers }) => ({ name, producers, consumers }))).toEqual([
      { name: 'stem', producers: ['stem', 'project'], consumers: ['inner', 'plain'] },
      { name: 'inner', producers: ['inner'], consumers: ['project'] },
      { name: 'plain', producers: ['plain'], consumers: ['logits'] },
    ]);
  });

  it.each(Object.entries({ l1, l2, bnScale, fpgm, dfpc, singleton }))('%s scores every channel the same', (name, rule) => {
    const scores = rule(input);
    expect([...scores.keys()]).toEqual([...GROUPS]);
    for (const group of GROUPS) {
      const expected = fixture.scores[name as keyof typeof fixture.scores][group];
      expect(relativeError(scores.get(group) ?? [], expected), group).toBeLessThan(1e-9);
    }
  });

  it.each(Object.entries({
    thinet: [thinetRemovals, thinet], reap: [reapRemovals, reap], obc: [obcRemovals, obc],
  } as const))('%s removes the same channels in the same order at the same cost', (name, [removals, rule]) => {
    const scores = rule(input);
    for (const group of GROUPS) {
      const expected = fixture.removals[name as keyof typeof fixture.removals][group];
      const order = expected.map(({ channel }) => channel);
      const found = removals(groupConsumers(group, input.layers, input.measures), expected.length);
      expect(found.map(({ channel }) => channel)).toEqual(order);
      expect(relativeError(found.map(({ cost }) => cost), expected.map(({ cost }) => cost)), group).toBeLessThan(1e-9);
      // the first to go scores 1, the last as many as there are channels
      expect(order.map((channel) => scores.get(group)?.[channel])).toEqual(order.map((_, step) => step + 1));
    }
  });
});

it('OBC is backward elimination under least squares, though it comes to it by another ridge', () => {
  for (const group of GROUPS) {
    const consumers = groupConsumers(group, input.layers, input.measures);
    const channels = consumers[0].inputsOf.length;
    const order = obcRemovals(consumers, channels).map(({ channel }) => channel);
    expect(backwardOrder(consumers, channels, 'leastSquares').toReversed(), group).toEqual(order);
  }
});
