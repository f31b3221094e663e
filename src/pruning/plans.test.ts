import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compensate } from '../fidelity/compensation.ts';
import { fidelityCurve } from '../fidelity/fidelityCurve.ts';
import { singletonScores } from '../fidelity/singletonFidelity.ts';
import { nodeOfOp, plainNetwork, residualNetwork } from '../network/fixtures/networks.ts';
import { randomPlan } from '../network/fixtures/randomPlan.ts';
import type { Network, Weight } from '../network/network.ts';
import { prune } from '../network/surgery.ts';
import { coupling, keptFeatures } from '../network/coupling.ts';
import type { PrunePlan } from '../network/prunePlan.ts';
import { consumerLayers, type ConsumerLayer } from './consumerLayers.ts';
import { randomGrams, randomStatistics } from './fixtures/randomStatistics.ts';
import { groupBand, groupCurve, groupScores } from './groupFidelity.ts';
import { componentWeights, emptyKernel, writeWeights } from './layerWeights.ts';
import { oneShotPlan } from './oneShotPlan.ts';
import { COMPENSATIONS } from './pruneRequest.ts';
import { StatisticsStore } from './statisticsStore.ts';

const residual = randomStatistics(residualNetwork());
const plain = randomStatistics(plainNetwork());
const cases = Object.entries({ residual, plain });

function everything(network: Network): Record<string, number[]> {
  const { groups } = randomStatistics(network, 1);
  return Object.fromEntries(groups.map(({ name, channels }) => [name, Array.from({ length: channels }, (_, i) => i)]));
}

function sizes(network: Network): unknown[] {
  return consumerLayers(network, coupling(network)).map(({ id, inputs, n, p, m }) => [id, inputs.groups[0].name, n, p, m]);
}

function layerCalled(network: Network, id: string): ConsumerLayer {
  const layer = consumerLayers(network, coupling(network)).find((candidate) => candidate.id === id);
  if (!layer) throw new Error(`no layer ${id}`);
  return layer;
}

/** A layer's weights as a kernel with k inputs. */
function kernelOf(layer: ConsumerLayer, weights: Float64Array, k: number): Weight {
  const kernel = emptyKernel(layer.node, k, layer.p, layer.m);
  writeWeights(layer, weights, kernel);
  return kernel;
}

function keptOf(layer: ConsumerLayer, keep: PrunePlan['keep']): readonly number[] {
  return keptFeatures(layer.inputs, keep) ?? Array.from({ length: layer.n }, (_, i) => i);
}

describe('consumerLayers', () => {
  it('are the readers of every group that may be cut, in execution order, with their sizes', () => {
    expect(sizes(residualNetwork())).toEqual([
      ['block1_conv1', 'stem', 6, 9, 5],
      ['block1_conv2', 'block1_conv1', 5, 9, 6],
      ['block2_conv1', 'stem', 6, 9, 7],
      ['block2_conv2', 'block2_conv1', 7, 9, 8],
      ['block2_shortcut', 'stem', 6, 1, 8],
      ['logits', 'block2_conv2', 8, 1, 4],
    ]);
    expect(sizes(plainNetwork())).toEqual([
      ['conv2', 'conv1', 5, 6, 4],
      ['dense1', 'conv2', 4, 4, 6],
      ['dense2', 'dense1', 6, 1, 3],
    ]);
  });

  it('componentWeights holds the weight of output c, component i, offset q at (c n + i) p + q', () => {
    const network = residualNetwork();
    const { kernel } = nodeOfOp(network, 'block1_conv2', 'conv2d').weights;
    const weights = componentWeights(layerCalled(network, 'block1_conv2'), kernel);
    // TensorFlow: [row 2][column 0][input 3][output 4]; offset 6
    expect(weights[(4 * 5 + 3) * 9 + 6]).toBe(kernel.values[((2 * 3 + 0) * 5 + 3) * 6 + 4]);
    const dense = nodeOfOp(plainNetwork(), 'dense1', 'dense').weights.kernel;
    const flattened = layerCalled(plainNetwork(), 'dense1');
    // flattened: feature = position · channels + channel
    expect(componentWeights(flattened, dense)[(5 * 4 + 1) * 4 + 2]).toBe(dense.values[(2 * 4 + 1) * 6 + 5]);
  });

  it.each(cases)('writeWeights undoes componentWeights in every layer of the %s network', (_, { layers }) => {
    for (const layer of layers) {
      const { kernel } = layer.node.weights;
      expect(kernelOf(layer, componentWeights(layer, kernel), layer.n)).toEqual(kernel);
    }
  });

  it.each(cases)('the kept components’ weights as a kernel are what surgery slices, in the %s network', (_, { network, layers, statistics }) => {
    fc.assert(fc.property(randomPlan(network), (plan) => {
      const pruned = prune(network, { keep: plan.keep, weights: {} });
      const weights = Object.fromEntries(layers.map((layer) => {
        const measured = statistics.get(layer.id);
        if (!measured) throw new Error('every layer has statistics');
        const kept = keptOf(layer, plan.keep);
        return [layer.id, { kernel: kernelOf(layer, compensate(measured, kept, 'none').weights, kept.length) }];
      }));
      expect(prune(network, { keep: plan.keep, weights })).toStrictEqual(pruned);
    }), { numRuns: 20 });
  });
});

describe('StatisticsStore', () => {
  it('over several batches gives the statistics of one batch of all images', () => {
    for (const { layers } of [residual, plain]) {
      const parts = [randomGrams(layers, 30, 1), randomGrams(layers, 50, 2), randomGrams(layers, 7, 3)];
      const images = [3, 5, 1];
      const sum = parts[0].map(({ layer, gram }, l) => ({ layer, gram: gram.map((value, k) => value + parts[1][l].gram[k] + parts[2][l].gram[k]) }));
      const once = new StatisticsStore(layers);
      once.add({ images: 9, layers: sum });
      const often = new StatisticsStore(layers);
      parts.forEach((grams, at) => often.add({ images: images[at], layers: grams }));
      expect(often.images).toBe(9);
      const [ofMany, ofOne] = [often.measures().statistics, once.measures().statistics];
      for (const [id, { gram }] of ofOne) {
        gram.forEach((value, k) => expect(ofMany.get(id)?.gram[k]).toBeCloseTo(value, 9));
      }
      expect([...ofMany.keys()]).toEqual([...ofOne.keys()]);
    }
  });

  it('says nothing of layers that it has not seen, and divides by images', () => {
    const { layers } = residual;
    const store = new StatisticsStore(layers);
    expect(store.measures().statistics.size).toBe(0);
    const [first] = randomGrams(layers, 10, 1);
    const expected = first.gram.map((value) => value / 4);
    store.add({ images: 4, layers: [first] });
    expect([...store.measures().statistics.keys()]).toEqual([layers[0].node.id]);
    expect(store.measures().statistics.get(layers[0].node.id)?.gram).toEqual(expected);
  });
});

describe('oneShotPlan', () => {
  it.each(cases)('with everything kept is the identity on the %s network', (_, { network, layers, statistics }) => {
    const keep = everything(network);
    for (const method of COMPENSATIONS) {
      const plan = oneShotPlan(layers, statistics, keep, method);
      expect(plan).toEqual({ keep, weights: {} });
      expect(prune(network, plan)).toStrictEqual(network);
    }
  });

  it.each(cases)('without compensation brings no weights; with it, a kernel for every reader of a cut group, biases as they were (%s)', (_, { network, groups, layers, statistics }) => {
    fc.assert(fc.property(randomPlan(network), ({ keep }) => {
      expect(oneShotPlan(layers, statistics, keep, 'none').weights).toEqual({});
      const cut = new Set(groups.filter(({ name, channels }) => keep[name] && keep[name].length < channels).map(({ name }) => name));
      const plan = oneShotPlan(layers, statistics, keep, 'leastSquares');
      expect(Object.keys(plan.weights).sort()).toEqual(layers.filter(({ inputs }) => cut.has(inputs.groups[0].name)).map(({ id }) => id).sort());
      for (const [id, { bias }] of Object.entries(plan.weights)) {
        expect(bias).toBe(layers.find(({ node }) => node.id === id)?.node.weights.bias);
      }
      expect(() => prune(network, plan)).not.toThrow();
    }), { numRuns: 20 });
  });

  it.each(cases)('scale and least squares never leave a layer of the %s network with less fidelity than none', (_, { network, layers, statistics }) => {
    fc.assert(fc.property(randomPlan(network), ({ keep }) => {
      for (const consumer of layers) {
        const { node, n, p, m } = consumer;
        const layer = statistics.get(node.id);
        if (!layer) throw new Error('every layer has statistics');
        const fidelities = COMPENSATIONS.map((method) => {
          // of the float32 kernel that the plan holds, from the definition
          const kept = keptOf(consumer, keep);
          const kernel = oneShotPlan(layers, statistics, keep, method).weights[node.id]?.kernel;
          const fitted = kernel ? componentWeights(consumer, kernel) : compensate(layer, kept, 'none').weights;
          const columns = kept.flatMap((i) => Array.from({ length: p }, (_, q) => i * p + q));
          let error = 0;
          for (let c = 0; c < m; c++) {
            const difference = layer.weights.slice(c * n * p, (c + 1) * n * p);
            columns.forEach((column, k) => (difference[column] -= fitted[c * columns.length + k]));
            for (let a = 0; a < n * p; a++) for (let b = 0; b < n * p; b++) error += difference[a] * difference[b] * layer.gram[a * n * p + b];
          }
          return 1 - error / layer.energy.reduce((sum, e) => sum + e, 0);
        });
        const [none, scale, least] = fidelities;
        expect(scale).toBeGreaterThanOrEqual(none - 1e-6);
        expect(least).toBeGreaterThanOrEqual(scale - 1e-6);
      }
    }), { numRuns: 8 });
  });
});

describe('what is said of a group', () => {
  it('its singleton score is the sum of its consumers’ layer-level scores', () => {
    const { layers, measures } = residual;
    const scores = new Map(groupScores(layers, measures).map(({ name, singleton }) => [name, singleton]));
    const sum = new Float64Array(6);
    for (const id of ['block1_conv1', 'block2_conv1', 'block2_shortcut']) {
      const layer = measures.statistics.get(id);
      if (layer) singletonScores(layer).forEach((score, i) => (sum[i] += score));
    }
    expect(Math.max(...sum)).toBeGreaterThan(0);
    expect(scores.get('stem')).toEqual(sum);
    expect([...scores.keys()].sort()).toEqual(['block1_conv1', 'block2_conv1', 'block2_conv2', 'stem']);
  });

  it('its curve is the mean of its consumers’ curves, rises, and ends at 1', () => {
    const { layers, measures } = residual;
    const order = [3, 1, 0, 5, 4, 2];
    const curves = ['block1_conv1', 'block2_conv1', 'block2_shortcut'].flatMap((id) => {
      const layer = measures.statistics.get(id);
      return layer ? [fidelityCurve(layer, order, 'scale')] : [];
    });
    const curve = groupCurve('stem', order, layers, measures, 'scale');
    curve.forEach((fs, k) => expect(fs).toBeCloseTo(curves.reduce((sum, one) => sum + one[k], 0) / 3, 12));
    expect(curve[5]).toBeCloseTo(1, 5);
    expect([...curve]).toEqual([...curve].sort((a, b) => a - b));
    const least = groupCurve('stem', order, layers, measures, 'leastSquares');
    least.forEach((fs, k) => expect(fs).toBeGreaterThanOrEqual(curve[k] - 1e-9));
  });

  it('its band is ordered, seeded, and ends where everything is kept', () => {
    const { layers, measures } = plain;
    const band = groupBand('conv1', layers, measures, 50, 4);
    expect(groupBand('conv1', layers, measures, 50, 4)).toEqual(band);
    expect(groupBand('conv1', layers, measures, 50, 5)).not.toEqual(band);
    for (let k = 0; k < 5; k++) {
      expect(band.low[k]).toBeLessThanOrEqual(band.median[k]);
      expect(band.median[k]).toBeLessThanOrEqual(band.high[k]);
      expect(band.high[k]).toBeLessThanOrEqual(band.best[k] + 1e-12);
    }
    expect(band.low[4]).toBeCloseTo(1, 5);
  });
});
