import { describe, expect, it } from 'vitest';
import { costModel } from './costModel.ts';
import { nodeCost, networkCosts, weightBytes } from './costs.ts';
import { coupling, couplingGroups } from './coupling.ts';
import { PUBLISHED_TRANSFORMERS } from './fixtures/architectures/publishedTransformers.ts';
import { gpt2, smolLm135m } from './fixtures/architectures/decoders.ts';
import { visionTransformer } from './fixtures/architectures/visionTransformer.ts';
import { TransformerBuilder } from './fixtures/architectures/transformerBuilder.ts';
import { randomWeights } from './fixtures/networks.ts';
import type { Network, Node, NodeOf, Shape, Weight } from './network.ts';
import { ShapeError } from './networkErrors.ts';
import { opDefinition } from './ops/table.ts';
import { rotaryFrequencies } from './ops/rotary.ts';
import { withSequenceLength } from './sequenceLength.ts';
import { inferShapes, validateNetwork } from './shapes.ts';
import { prune } from './surgery.ts';
import { totalCost } from './totalCost.ts';

const NARROW = { size: 12, divisor: 16, classes: 40 };
const NARROW_PICTURE = { size: 64, divisor: 16, classes: 10 };

/** Unchecked: what is wrong with it is what is tested. */
function node(op: Node['op'], attributes: object, weights: Record<string, Shape> = {}): Node {
  const arrays = Object.entries(weights).map(([name, shape]) => [name, randomWeights(1)(shape)]);
  return { id: 'it', op, inputs: ['x'], attributes, weights: Object.fromEntries(arrays) as object } as unknown as Node;
}

function attention(attributes: object): Node {
  return node('attention', { headDim: 4, scale: 0.5, causal: false, ...attributes });
}

function biasOf({ nodes }: Network): Weight | undefined {
  return (nodes.find(({ id }) => id === 'block_heads') as NodeOf<'attention'>).weights.bias;
}

/** Every other component of every group that may be cut. */
function half(network: Network): Record<string, number[]> {
  return Object.fromEntries(couplingGroups(network).filter(({ frozen }) => frozen === undefined).map(({ name, channels }) =>
    [name, Array.from({ length: Math.ceil(channels / 2) }, (_, i) => 2 * i)]));
}

describe.each(PUBLISHED_TRANSFORMERS)('$name', ({ build, narrow }) => {
  const network = build(narrow);

  it('is itself with everything kept', () => {
    const keep = Object.fromEntries(couplingGroups(network).map(({ name, channels }) => [name, Array.from({ length: channels }, (_, i) => i)]));
    expect(prune(network, { keep, weights: {} })).toEqual(network);
  });

  it('is physically smaller after surgery, and costs what the cost model says', () => {
    const keep = half(network);
    const smaller = prune(network, { keep, weights: {} });
    validateNetwork(smaller);
    const widths = Object.fromEntries(Object.entries(keep).map(([name, kept]) => [name, kept.length]));
    const [expected, costs] = [totalCost(costModel(network), widths), networkCosts(smaller)];
    expect(costs.macs).toBeCloseTo(expected.macs, 3);
    expect(costs.parameters).toBeCloseTo(expected.parameters, 3);
    expect(costs.macs).toBeLessThan(0.7 * networkCosts(network).macs);
    // surgery leaves a network that can be cut again
    expect(couplingGroups(smaller).filter(({ frozen }) => frozen === undefined).map(({ name, channels }) => [name, channels]))
      .toEqual(Object.entries(widths));
  });
});

describe('heads', () => {
  it('are components: their features of queries, keys and values, and the block that is read', () => {
    const network = visionTransformer(NARROW_PICTURE);
    const { features, groups } = coupling(network);
    const heads = groups.find(({ name }) => name === 'block1_q');
    expect(heads).toMatchObject({ channels: 12, producers: ['block1_q', 'block1_k', 'block1_v'], passThroughs: ['block1_heads'], consumers: ['block1_out'] });
    for (const id of ['block1_q', 'block1_k', 'block1_v', 'block1_heads']) {
      expect([...(features.get(id)?.component ?? [])]).toEqual(Array.from({ length: 48 }, (_, f) => Math.floor(f / 4)));
    }
  });

  it('that share keys and values leave together, so that the ratio stays', () => {
    const network = smolLm135m(NARROW);
    const { features } = coupling(network);
    expect([...(features.get('block1_q')?.component ?? [])]).toEqual(Array.from({ length: 36 }, (_, f) => Math.floor(f / 12)));
    expect([...(features.get('block1_k')?.component ?? [])]).toEqual(Array.from({ length: 12 }, (_, f) => Math.floor(f / 4)));
    const smaller = prune(network, { keep: { block1_q: [0, 2] }, weights: {} });
    const shapes = inferShapes(smaller);
    expect([shapes.get('block1_q'), shapes.get('block1_k'), shapes.get('block1_heads')]).toEqual([[12, 24], [12, 8], [12, 24]]);
  });

  it('of a fused layer leave all three slices', () => {
    const smaller = prune(gpt2(NARROW), { keep: { block1_qkv: [1, 5] }, weights: {} });
    const slices = smaller.nodes.filter((node): node is Node & NodeOf<'slice'> => node.op === 'slice').slice(0, 3);
    expect(slices.map(({ attributes }) => attributes)).toEqual([0, 8, 16].map((start) => ({ axis: 1, start, size: 8 })));
    expect(inferShapes(smaller).get('block1_qkv')).toEqual([12, 24]);
  });

  it('lose their columns of a relative-position bias', () => {
    const network = new TransformerBuilder({});
    const x = network.patches('patches', network.input(8), 6, 2);
    const out = network.attentionBranch('block', x, { heads: 3, window: { size: [2, 2], shift: [1, 1] } });
    const built = network.build('windows', network.dense('head', network.globalAverage('pool', out), 3));
    const kept = biasOf(prune(built, { keep: { block_q: [0, 2] }, weights: {} }));
    expect(kept?.shape).toEqual([9, 2]);
    expect(kept?.values).toEqual(biasOf(built)?.values.filter((_, at) => at % 3 !== 1));
  });
});

describe('costs', () => {
  it('of attention grow with the square of the sequence, of everything else in proportion', () => {
    for (const tokens of [6, 12]) {
      const { nodes } = networkCosts(withSequenceLength(gpt2(NARROW), tokens));
      expect(nodes.get('block1_heads')?.macs).toBe(2 * tokens * tokens * 48);
      expect(nodes.get('block1_up')?.macs).toBe(tokens * 48 * 192);
    }
  });

  it('of windows grow with the pixels alone', () => {
    const window = { size: [2, 2], shift: [0, 0] } as const;
    const windowed: NodeOf<'attention'> = { id: 'a', op: 'attention', inputs: ['q', 'k', 'v'], attributes: { headDim: 3, scale: 1, causal: false, window }, weights: {} };
    const cost = (side: number) => nodeCost(windowed, [[side, side, 6], [side, side, 6], [side, side, 6]], [side, side, 6]).macs;
    expect([cost(4), cost(8)]).toEqual([2 * 16 * 4 * 6, 2 * 64 * 4 * 6]);
  });

  it('count a tied table once', () => {
    const network = gpt2(NARROW);
    const own = network.nodes.flatMap(({ weights }) => Object.values(weights)).reduce((sum, { values }) => sum + values.length, 0);
    expect(networkCosts(network).parameters).toBe(own - 40 * 48);
    expect(weightBytes(network)).toBe(4 * (own - 40 * 48));
  });
});

describe('what does not fit is refused by name:', () => {
  const picture = [4, 6, 8];

  it.each([
    ['heads that are not whole', attention({ headDim: 5 }), [[3, 8], [3, 8], [3, 8]], /8 features are not whole heads of 5/],
    ['queries that keys cannot share evenly', attention({}), [[3, 12], [3, 8], [3, 8]], /3 query heads cannot share 2/],
    ['keys unlike values', attention({}), [[3, 8], [3, 8], [3, 4]], /\[3, 8\], \[3, 8\], \[3, 4\] do not fit/],
    ['causal attention to another sequence', attention({ causal: true }), [[3, 8], [4, 8], [4, 8]], /do not fit together/],
    ['windows that do not divide the picture', attention({ window: { size: [3, 2], shift: [0, 0] } }), [picture, picture, picture], /windows of 3 × 2/],
    ['a shift of a whole window', attention({ window: { size: [2, 2], shift: [2, 0] } }), [picture, picture, picture], /shifted by 2 and 0/],
    ['windows of a sequence', attention({ window: { size: [2, 2], shift: [0, 0] } }), [[4, 8], [4, 8], [4, 8]], /rows and columns of a picture/],
    ['a scale that is no number', attention({ scale: Number.NaN }), [[3, 8], [3, 8], [3, 8]], /scale must be finite/],
    ['more frequencies than pairs', node('rotary', { headDim: 4, frequencies: [1, 1, 1], pairing: 'halves' }), [[3, 8]], /3 frequencies/],
    ['more tokens than positions', node('positions', { start: 2 }, { table: [4, 8] }), [[3, 8]], /knows 2 positions, found 3 tokens/],
    ['positions of another width', node('positions', { start: 0 }, { table: [4, 7] }), [[3, 8]], /table of \[4, 7\] does not fit tokens of 8/],
    ['ids that are no sequence', node('embedding', {}, { table: [4, 7] }), [[3, 8]], /token ids of \[tokens\]/],
    ['patches that do not divide the picture', node('patchMerging', { size: [3, 2] }), [picture], /patches of 3 × 2 do not divide/],
    ['a vocabulary of a picture', node('input', { shape: [4, 4, 3], vocabulary: 9 }), [], /token ids must be \[tokens\]/],
    ['a negative epsilon', node('rmsNorm', { epsilon: -1 }), [[3, 8]], /epsilon must be finite and not negative/],
  ] as const)('%s', (_, wrong, inputs, message) => {
    expect(() => opDefinition(wrong).outputShape(wrong, inputs)).toThrow(ShapeError);
    expect(() => opDefinition(wrong).outputShape(wrong, inputs)).toThrow(message);
  });

  it('two inputs of an attention, and sequences of a picture network', () => {
    const two = { ...attention({}), inputs: ['input', 'input'] };
    const network: Network = { name: 'two', outputs: ['it'], nodes: [{ id: 'input', op: 'input', inputs: [], attributes: { shape: [8] }, weights: {} }, two] };
    expect(() => inferShapes(network)).toThrow(/takes three inputs, found 2/);
    expect(() => withSequenceLength(network, 4)).toThrow(/reads no tokens/);
  });
});

it('rotary frequencies fall from 1 by powers of the base', () => {
  expect(rotaryFrequencies(8, 10_000)).toEqual([1, 0.1, 0.01, 0.001].map((value) => expect.closeTo(value, 12)));
});
