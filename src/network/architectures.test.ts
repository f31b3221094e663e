import { describe, expect, it } from 'vitest';
import { networkCosts } from './costs.ts';
import { coupling } from './coupling.ts';
import { EXPECTED_TRANSFORMER_COUPLING } from './fixtures/architectures/expectedTransformerGroups.ts';
import { EXPECTED_COUPLING } from './fixtures/architectures/expectedGroups.ts';
import { inceptionV3 } from './fixtures/architectures/inceptionV3.ts';
import { mobileNetV1 } from './fixtures/architectures/mobileNetV1.ts';
import { PUBLISHED } from './fixtures/architectures/published.ts';
import { PUBLISHED_TRANSFORMERS } from './fixtures/architectures/publishedTransformers.ts';
import { shuffleNetV2 } from './fixtures/architectures/shuffleNetV2.ts';
import { inferShapes, validateNetwork } from './shapes.ts';

const ZEROS = { weights: 'zeros' } as const;
const byName = (a: { name: string }, b: { name: string }): number => (a.name < b.name ? -1 : 1);
const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

const EXPECTED = { ...EXPECTED_COUPLING, ...EXPECTED_TRANSFORMER_COUPLING };
const ALL = [...PUBLISHED, ...PUBLISHED_TRANSFORMERS];

describe.each(ALL)('$name', ({ name, build, parameters, macs, narrow }) => {
  const network = build(ZEROS);

  it('is a sound network with the published parameters and MACs', () => {
    validateNetwork(network);
    const costs = networkCosts(network);
    expect(costs.parameters).toBe(parameters);
    expect(Math.abs(costs.macs / macs - 1)).toBeLessThan(0.005);
  });

  it('keeps its structure when it is built narrow', () => {
    const small = build(narrow);
    validateNetwork(small);
    const structure = ({ nodes, outputs }: typeof small) =>
      ({ nodes: nodes.map(({ id, op, inputs }) => ({ id, op, inputs })), outputs });
    expect(structure(small)).toEqual(structure(network));
    expect(networkCosts(small).macs).toBeLessThan(macs / 50);
  });

  it('has the coupling groups that its structure implies', () => {
    const { groups } = coupling(network);
    const { free, frozen } = EXPECTED[name];
    const found = groups
      .filter((group) => group.frozen === undefined)
      .map(({ name, channels, producers }) => ({ name, components: channels, producers }));
    expect(found.toSorted(byName)).toEqual(free.map((group) => ({ name: group.producers[0], ...group })).toSorted(byName));

    const reasons = Object.fromEntries(groups.flatMap((group) => (group.frozen === undefined ? [] : [[group.name, group.frozen]])));
    expect(Object.keys(reasons).toSorted()).toEqual(Object.keys(frozen).toSorted());
    for (const [group, reason] of Object.entries(frozen)) expect(reasons[group], group).toMatch(reason);
  });

  it('has every node in its groups, feature by feature', () => {
    const { groups, features } = coupling(network);
    const shapes = inferShapes(network);
    for (const { id, inputs } of network.nodes) {
      const own = features.get(id);
      if (!own) throw new Error(`${name}: "${id}" has no features`);
      expect(own.group.length, id).toBe(shapes.get(id)?.[own.axis]);
      expect(own.component.length, id).toBe(own.group.length);
      const members = new Set(groups.filter((group) => [...group.producers, ...group.passThroughs].includes(id)));
      expect(new Set(own.groups), id).toEqual(members);
      expect(own.component.every((component, f) => component >= 0 && component < own.groups[own.group[f]].channels), id).toBe(true);
      const reads = groups.filter((group) => group.consumers.includes(id));
      const read = reads.length > 0 ? features.get(inputs[0])?.groups : [];
      expect(new Set(reads), id).toEqual(new Set(read));
    }
  });
});

describe('the published structures', () => {
  it('are as many as there are expectations of', () => {
    expect(ALL.map(({ name }) => name).toSorted()).toEqual(Object.keys(EXPECTED).toSorted());
  });

  it('have as many prunable groups as one counts by hand', () => {
    const counts = Object.fromEntries(ALL.map(({ name }) => [name, EXPECTED[name].free.length]));
    expect(counts).toEqual({
      vgg16: 15, // 13 convolutions, 2 dense layers
      resnet18: 4 + 8, // streams (the first with the stem), one inner group a block
      resnet50: 1 + 4 + 32, // stem, streams, two inner groups a block
      resnext50_32x4d: 1 + 4 + 32,
      densenet121: 1 + 2 * 58 + 3, // stem, bottleneck and growth a layer, transitions
      mobilenet_v1: 14,
      mobilenet_v2: 1 + 16 + 7 + 1, // stem, hidden groups, streams, head
      mobilenet_v3_large: 6 + 14 + 8 + 2, // streams (the first with the stem), hidden, squeezes, head and hidden layer
      efficientnet_b0: 16 + 16 + 7 + 1,
      inception_v3: 94, // every convolution
      squeezenet1_0: 25,
      squeezenet1_1: 25,
      convnext_tiny: 18, // one hidden group a block
      shufflenet_v2_x1_0: 1 + 3 + 16 + 1, // stem, stages, inner groups, head
      unet: 8 + 2 + 12,
      ssdlite320_mobilenet_v3_large: 6 + 14 + 8 + 1 + 8,
      vit_b_16: 2 * 12, // heads and hidden units a block
      swin_t: 2 * 12,
      gpt2: 2 * 12,
      opt_125m: 2 * 12,
      smollm_135m: 2 * 30,
    });
  });

  it('count moving statistics as Keras does: MobileNet has 4,253,864 stored weights', () => {
    expect(networkCosts(mobileNetV1(ZEROS)).bytes / 4).toBe(4_253_864);
  });

  it('count Inception-v3 with its auxiliary classifier as torchvision does', () => {
    const network = inceptionV3({ ...ZEROS, auxiliary: true });
    validateNetwork(network);
    expect(network.outputs).toEqual(['fc', 'aux_fc']);
    expect(networkCosts(network).parameters).toBe(27_161_264);
    const { groups } = coupling(network);
    expect(groups.filter((group) => group.frozen === undefined)).toHaveLength(94 + 2);
    expect(groups.find((group) => group.name === 'aux_fc')?.frozen).toMatch(/output/);
  });
});

describe('a channel shuffle', () => {
  it('halves, block by block, what the first half of the channels has of the stage', () => {
    const { groups, features } = coupling(shuffleNetV2(ZEROS));
    const componentsOf = (id: string): number[] => [...new Set(features.get(id)?.component)].sort((a, b) => a - b);
    for (const [stage, half, blocks] of [[2, 58, 4], [3, 116, 8], [4, 232, 4]]) {
      const group = groups.find(({ name }) => name === `stage${stage}_block1_left`);
      for (let block = 2; block <= blocks; block++) {
        // after k shuffles the channels j · 2ᵏ … of a stage are one component
        const run = 2 ** (block - 1);
        const kept = upTo(Math.floor((half - 1) / run) + 1);
        const first = Math.floor(half / run);
        const transformed = upTo(Math.floor((2 * half - 1) / run) + 1).filter((component) => component >= first);
        expect(componentsOf(`stage${stage}_block${block}_kept`)).toEqual(kept);
        expect(componentsOf(`stage${stage}_block${block}_transformed`)).toEqual(transformed);
        // neither may be left empty
        for (const part of [kept, transformed]) expect(group?.parts).toContainEqual(part);
      }
    }
  });
});
