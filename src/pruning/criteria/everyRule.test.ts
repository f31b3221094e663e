import { describe, expect, it } from 'vitest';
import { gramBlocks } from '../../fidelity/componentBlocks.ts';
import { intactStatistics, type LayerStatistics } from '../../fidelity/layerStatistics.ts';
import { permutation, seededRandom } from '../../fidelity/random.ts';
import { coupling } from '../../network/coupling.ts';
import type { ComponentMap, CouplingGroup } from '../../network/couplingGroup.ts';
import { PUBLISHED } from '../../network/fixtures/architectures/published.ts';
import { resNext50 } from '../../network/fixtures/architectures/resNet.ts';
import { uNet } from '../../network/fixtures/architectures/uNet.ts';
import { networkBuilder, plainNetwork, randomWeights, residualNetwork } from '../../network/fixtures/networks.ts';
import type { Network, Node } from '../../network/network.ts';
import { opDefinition } from '../../network/ops/table.ts';
import { consumerLayers, type ConsumerLayer } from '../consumerLayers.ts';
import { prunableGroups } from '../keepSets.ts';
import { componentWeights } from '../layerWeights.ts';
import { SELECTION_RULES, SELECTIONS } from '../selections.ts';
import type { CriterionInput } from './criterion.ts';
import { CRITERIA } from './table.ts';

const RULES = Object.entries(CRITERIA);
const NO_MEASURES = { statistics: new Map<string, LayerStatistics>(), contributions: new Map<string, Float64Array>() };

/** Layers above this size have single contributions alone, as the widest layers of real networks do. */
const WIDEST = 100;

/** Statistics of a few random rectified patches: of low rank, as those of few pictures are. */
function inputOf(network: Network, rows: number, seed = 5): CriterionInput {
  const coupled = coupling(network);
  const layers = consumerLayers(network, coupled);
  const weight = randomWeights(seed);
  const statistics = new Map<string, LayerStatistics>();
  const contributions = new Map<string, Float64Array>();
  for (const layer of layers) {
    const { id, n, p } = layer;
    if (n * p > WIDEST) {
      contributions.set(id, Float64Array.from(weight([n], 0.5, 0.5).values));
      continue;
    }
    const gram = new Float64Array((n * p) ** 2);
    for (let row = 0; row < rows; row++) {
      const patch = weight([n * p], 1, 0.3).values.map((value) => Math.max(0, value));
      patch.forEach((x, i) => patch.forEach((y, j) => (gram[i * n * p + j] += x * y)));
    }
    statistics.set(id, measured(layer, gram));
  }
  return { network, coupled, layers, measures: { statistics, contributions }, fit: 'scale', seed: 9 };
}

function measured(layer: ConsumerLayer, gram: Float64Array): LayerStatistics {
  const { n, p, m, node } = layer;
  return intactStatistics({ n, p, m, gram, weights: componentWeights(layer, node.weights.kernel) });
}

it('the table holds exactly the rules that need no further run of the network', () => {
  const without = SELECTIONS.filter((select) => SELECTION_RULES[select].scoredBy !== 'network');
  expect(Object.keys(CRITERIA).toSorted()).toEqual(without.toSorted());
});

describe.each(PUBLISHED.filter(({ name }) => !['vgg16', 'resnet50', 'inception_v3', 'squeezenet1_0', 'efficientnet_b0'].includes(name)))(
  'on $name, narrow, with random weights',
  ({ build, narrow }) => {
    const input = inputOf(build(narrow), 6);
    const groups = prunableGroups(input.coupled.groups);

    it.each(RULES)('%s scores every channel of every group that may be cut', (_, rule) => {
      for (const measures of [input.measures, NO_MEASURES]) {
        const scores = rule({ ...input, measures });
        expect([...scores.keys()]).toEqual(groups.map(({ name }) => name));
        for (const { name, channels } of groups) {
          const own = scores.get(name);
          expect(own?.length, name).toBe(channels);
          expect(own?.every(Number.isFinite), name).toBe(true);
        }
      }
    });
  },
);

describe('without statistics', () => {
  const input = { ...inputOf(residualNetwork(), 20), measures: NO_MEASURES };

  it.each(RULES.filter(([name]) => SELECTION_RULES[name as keyof typeof CRITERIA].scoredBy === 'statistics'))(
    '%s says nothing: all channels score 0', (_, rule) => {
      for (const scores of rule(input).values()) expect(new Set(scores)).toEqual(new Set([0]));
    },
  );

  it.each(RULES.filter(([name]) => SELECTION_RULES[name as keyof typeof CRITERIA].scoredBy === 'weights'))(
    '%s tells the channels of every group apart', (_, rule) => {
      for (const scores of rule(input).values()) expect(new Set(scores).size).toBe(scores.length);
    },
  );
});

it('a group whose readers have no Gram is ranked by its singleton scores, by every rule on statistics', () => {
  const input = inputOf(plainNetwork(), 20);
  const conv2 = Float64Array.of(0.3, 0.1, 0.9, 0.2);
  const statistics = new Map([...input.measures.statistics].filter(([id]) => id !== 'dense1'));
  const measures = { statistics, contributions: new Map([['dense1', conv2]]) };
  for (const [name, rule] of RULES) {
    if (SELECTION_RULES[name as keyof typeof CRITERIA].scoredBy !== 'statistics') continue;
    expect(rule({ ...input, measures }).get('conv2'), name).toEqual(conv2);
  }
});

/** Feature f of the permuted network is this feature of the first; holds where components lie in runs. */
function sources({ groups, group, component }: ComponentMap, name: string, order: Int32Array): number[] {
  return Array.from(component, (own, f) => (groups[group[f]].name === name ? f - own + order[own] : f));
}

/** The same function with the channels of one group in another order, and its statistics. */
function permuted(input: CriterionInput, { name }: CouplingGroup, order: Int32Array): CriterionInput {
  const { features } = input.coupled;
  const around = (id: string | undefined): number[] | undefined => {
    const map = features.get(id ?? '');
    return map && sources(map, name, order);
  };
  const nodes = input.network.nodes.map((node): Node =>
    opDefinition(node).cut(node, { in: around(node.inputs[0]), out: around(node.id), axis: features.get(node.id)?.axis ?? 0 }) as Node);
  const network = { ...input.network, nodes };
  const coupled = coupling(network);
  const layers = consumerLayers(network, coupled);
  const statistics = new Map(layers.flatMap((layer): [string, LayerStatistics][] => {
    const before = input.measures.statistics.get(layer.id);
    return before ? [[layer.id, measured(layer, gramBlocks(before.gram, layer.p, sources(layer.inputs, name, order)))]] : [];
  }));
  const contributions = new Map(layers.flatMap((layer): [string, Float64Array][] => {
    const before = input.measures.contributions.get(layer.id);
    return before ? [[layer.id, Float64Array.from(sources(layer.inputs, name, order), (i) => before[i])]] : [];
  }));
  return { ...input, network, coupled, layers, measures: { statistics, contributions } };
}

/** A transposed convolution and a grouped one after it, with norms. */
function transposedAndGrouped(): Network {
  const b = networkBuilder(8);
  const weight = randomWeights(4);
  const conv = b.conv('conv', b.input('input', [4, 4, 3]), [3, 3], 3, 6);
  const up = b.node({
    id: 'up', op: 'transposedConv2d', inputs: [b.norm('norm', conv, 6)],
    attributes: { strides: [2, 2], cropping: [[0, 0], [0, 0]] },
    weights: { kernel: weight([2, 2, 8, 6]), bias: weight([8]) },
  });
  const grouped = b.norm('grouped_norm', b.conv('grouped', up, [3, 3], 8, 6, { groups: 2 }), 6);
  return b.build('transposed', b.dense('logits', b.globalPool('pool', grouped), 6, 3));
}

describe.each([
  ['a residual network', residualNetwork()],
  ['convolutions, pools and dense layers', plainNetwork()],
  ['a transposed and a grouped convolution', transposedAndGrouped()],
  ['a U-Net', uNet({ size: 16, divisor: 64 })],
  ['a ResNeXt', resNext50({ size: 32, divisor: 16, classes: 5 })],
] as const)('in %s', (_, network) => {
  const input = inputOf(network, 150);
  const groups = prunableGroups(input.coupled.groups).slice(0, 4);

  it.each(RULES.filter(([name]) => name !== 'random'))('%s gives permuted channels the permuted scores', (_, rule) => {
    const before = rule(input);
    for (const group of groups) {
      const order = permutation(group.channels, seededRandom(group.channels));
      const after = rule(permuted(input, group, order));
      const scale = Math.max(...(before.get(group.name) ?? []));
      expect(scale, group.name).toBeGreaterThan(0);
      after.get(group.name)?.forEach((score, channel) => {
        expect(Math.abs(score - (before.get(group.name)?.[order[channel]] ?? NaN)) / scale, group.name).toBeLessThan(1e-9);
      });
    }
  });
});
