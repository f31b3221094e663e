import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { coupling, couplingGroups, keptFeatures } from './coupling.ts';
import { nodeOfOp, plainNetwork, randomWeights, residualNetwork } from './fixtures/networks.ts';
import { randomPlan } from './fixtures/randomPlan.ts';
import { NonFiniteWeightsError, WeightShapeError } from './networkErrors.ts';
import {
  EmptyGroupError, FrozenGroupError, KeptIndicesError, NotAConsumerError, UnknownGroupError,
} from './pruneErrors.ts';
import type { PrunePlan } from './prunePlan.ts';
import { inferShapes, validateNetwork } from './shapes.ts';
import { prune } from './surgery.ts';

const keepOnly = (keep: PrunePlan['keep']): PrunePlan => ({ keep, weights: {} });

describe('prune', () => {
  it('with everything kept is the identity', () => {
    for (const network of [residualNetwork(), plainNetwork()]) {
      const keep = Object.fromEntries(
        couplingGroups(network).map(({ name, channels }) => [name, Array.from({ length: channels }, (_, i) => i)]),
      );
      expect(prune(network, keepOnly(keep))).toStrictEqual(network);
      expect(prune(network, keepOnly({}))).toStrictEqual(network);
    }
  });

  it('leaves a sound network of the planned widths and the given one untouched', () => {
    for (const network of [residualNetwork(), plainNetwork()]) {
      const before = structuredClone(network);
      fc.assert(
        fc.property(randomPlan(network), (plan) => {
          const pruned = prune(network, plan);
          validateNetwork(pruned);
          expect(inferShapes(pruned).get(pruned.outputs[0])).toEqual(inferShapes(network).get(network.outputs[0]));
          const widths = couplingGroups(pruned).map((group) => [group.name, group.channels]);
          const planned = couplingGroups(network).map(({ name, channels }) => [name, plan.keep[name]?.length ?? channels]);
          expect(widths).toEqual(planned);
        }),
        { numRuns: 30 },
      );
      expect(network).toStrictEqual(before);
    }
  });

  it('takes the kept entries of kernels, biases and norms', () => {
    const network = plainNetwork();
    const pruned = prune(network, keepOnly({ conv1: [0, 3], conv2: [1, 2], dense1: [5] }));
    const whole = nodeOfOp(network, 'conv2', 'conv2d').weights.kernel;
    const cut = nodeOfOp(pruned, 'conv2', 'conv2d').weights.kernel;
    expect(cut.shape).toEqual([2, 3, 2, 2]);
    // position (1, 2), input 3 → 1, output 1 → 0
    expect(cut.values[((1 * 3 + 2) * 2 + 1) * 2 + 0]).toBe(whole.values[((1 * 3 + 2) * 5 + 3) * 4 + 1]);
    const dense = nodeOfOp(pruned, 'dense1', 'dense').weights;
    const denseWhole = nodeOfOp(network, 'dense1', 'dense').weights;
    expect(dense.kernel.shape).toEqual([8, 1]);
    // feature 3 of 8 is position 1, channel 2 of the intact layout: 1 · 4 + 2
    expect(dense.kernel.values[3]).toBe(denseWhole.kernel.values[6 * 6 + 5]);
    expect(dense.bias?.values).toEqual(Float32Array.of(denseWhole.bias?.values[5] ?? Number.NaN));
    expect(nodeOfOp(pruned, 'dense1_norm', 'batchNorm').weights.variance.shape).toEqual([1]);
  });

  it('puts in the plan’s weights and cuts their outputs', () => {
    const network = residualNetwork();
    const weight = randomWeights(9);
    const kernel = weight([3, 3, 2, 6]);
    const bias = weight([6]);
    const plan = { keep: { block1_conv1: [1, 4], stem: [0, 5] }, weights: { block1_conv2: { kernel, bias } } };
    const pruned = nodeOfOp(prune(network, plan), 'block1_conv2', 'conv2d').weights;
    expect(pruned.kernel.shape).toEqual([3, 3, 2, 2]);
    expect(pruned.kernel.values.slice(0, 4)).toEqual(Float32Array.of(...[0, 5, 6, 11].map((i) => kernel.values[i])));
    expect(pruned.bias?.values).toEqual(Float32Array.of(bias.values[0], bias.values[5]));
  });

  it('refuses plans that do not fit, each by its own error', () => {
    const network = residualNetwork();
    const attempt = (plan: PrunePlan) => () => prune(network, plan);
    expect(attempt(keepOnly({ nothing: [0] }))).toThrow(UnknownGroupError);
    expect(attempt(keepOnly({ stem: [] }))).toThrow(EmptyGroupError);
    expect(attempt(keepOnly({ input: [0, 1] }))).toThrow(FrozenGroupError);
    expect(attempt(keepOnly({ logits: [0] }))).toThrow(/network's output/);
    for (const kept of [[0, 6], [1, 0], [1, 1], [-1, 2], [0.5]]) {
      expect(attempt(keepOnly({ stem: kept }))).toThrow(KeptIndicesError);
    }
    const weight = randomWeights(3);
    const withWeights = (id: string, shape: readonly number[]): PrunePlan => ({
      keep: { stem: [0, 5] },
      weights: { [id]: { kernel: weight(shape) } },
    });
    expect(attempt(withWeights('block1_conv1', [3, 3, 6, 5]))).toThrow(WeightShapeError);
    expect(attempt(withWeights('block1_conv1', [3, 3, 2, 5]))).not.toThrow();
    expect(attempt(withWeights('stem_norm', [6]))).toThrow(NotAConsumerError);
    const kernel = { shape: [3, 3, 2, 5], values: new Float32Array(90).fill(Number.POSITIVE_INFINITY) };
    expect(attempt({ keep: { stem: [0, 5] }, weights: { block1_conv1: { kernel } } })).toThrow(NonFiniteWeightsError);
  });
});

describe('keptFeatures', () => {
  it('spreads channels over the positions of a flatten, and is nothing where all stay', () => {
    const features = coupling(plainNetwork()).features.get('flatten');
    if (!features) throw new Error('the fixture has a flatten');
    expect(keptFeatures(features, { conv2: [0, 2] })).toEqual([0, 2, 4, 6, 8, 10, 12, 14]);
    expect(keptFeatures(features, { conv2: [0, 1, 2, 3] })).toBeUndefined();
    expect(keptFeatures(features, {})).toBeUndefined();
  });
});
