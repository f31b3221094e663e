import { beforeAll, describe, expect, it } from 'vitest';
import { compensate } from '../fidelity/compensation.ts';
import { fidelityCurve } from '../fidelity/fidelityCurve.ts';
import { singletonOrder } from '../fidelity/selection/singletonOrder.ts';
import { singletonScores } from '../fidelity/singletonFidelity.ts';
import { costModel } from '../network/costModel.ts';
import type { LayerStatistics } from '../fidelity/layerStatistics.ts';
import { coupling } from '../network/coupling.ts';
import type { Network } from '../network/network.ts';
import type { PrunePlan } from '../network/prunePlan.ts';
import { prune } from '../network/surgery.ts';
import { consumerLayers, type ConsumerLayer } from '../pruning/consumerLayers.ts';
import { componentWeights } from '../pruning/layerWeights.ts';
import { keepSets } from '../pruning/keepSets.ts';
import { oneShotPlan } from '../pruning/oneShotPlan.ts';
import { DEFAULT_REQUEST } from '../pruning/pruneRequest.ts';
import { rankingsFor } from '../pruning/rankings.ts';
import { StatisticsStore, type LayerMeasures } from '../pruning/statisticsStore.ts';
import { calibrate } from './calibrate.ts';
import { computeLogits } from './evaluate.ts';
import { arraySource, relativeError } from './fixtures/arrays.ts';
import oracle from './fixtures/pipeline.json' with { type: 'json' };
import { startWasm } from './fixtures/wasmBackend.ts';
import type { Correlator } from './kernels/correlator.ts';
import { pruneSequentially } from './sequential.ts';

// Expected values: zoo/oracles/pipeline.py, in float64 from explicit contributions.

const TOLERANCE = 1e-4;

/** JSON has plain arrays where a network has Float32Arrays. */
const network = JSON.parse(JSON.stringify(oracle.network), (key, value: unknown) =>
  key === 'values' ? Float32Array.from(value as number[]) : value,
) as Network;
const pictures = arraySource(Float32Array.from(oracle.pictures), [8, 8, 3]);
const coupled = coupling(network);
const layers = consumerLayers(network, coupled);
const keep: Record<string, number[]> = oracle.keep;

interface OracleLayer {
  readonly energy: number[];
  readonly singleton: number[];
  readonly order: number[];
  readonly curve: number[];
  readonly delta: number[][];
  readonly leastSquares: number[][];
}
const expectedLayers = Object.entries(oracle.layers as Record<string, OracleLayer>);

let correlator: Correlator;
let measures: LayerMeasures;
beforeAll(async () => {
  ({ correlator } = await startWasm());
  const store = new StatisticsStore(layers);
  await calibrate(network, layers, pictures, correlator, (batch) => store.add(batch));
  measures = store.measures();
});

function statisticsOf(node: string): LayerStatistics {
  const layer = measures.statistics.get(node);
  if (!layer) throw new Error(`no statistics of ${node}`);
  return layer;
}

function layerCalled(id: string): ConsumerLayer {
  const layer = layers.find((candidate) => candidate.id === id);
  if (!layer) throw new Error(`no layer ${id}`);
  return layer;
}

async function logits(plan: PrunePlan = { keep: {}, weights: {} }): Promise<Float32Array> {
  return (await computeLogits(prune(network, plan), pictures)).values;
}

describe('the whole pipeline, against PyTorch on the same network and pictures,', () => {
  it('has the same consumer layers', () => {
    expect([...measures.statistics.keys()].sort()).toEqual(expectedLayers.map(([node]) => node).sort());
  });

  it.each(expectedLayers)('scores layer %s alike: energies, singleton scores, order, fidelity of the top-k', (node, expected) => {
    const layer = statisticsOf(node);
    expect(relativeError(layer.energy, expected.energy)).toBeLessThan(TOLERANCE);
    expect(relativeError(singletonScores(layer), expected.singleton)).toBeLessThan(TOLERANCE);
    expect(singletonOrder(layer)).toEqual(expected.order);
    expect(relativeError(fidelityCurve(layer, expected.order, 'scale'), expected.curve)).toBeLessThan(TOLERANCE);
  });

  it('keeps the same channels', () => {
    const request = { ...DEFAULT_REQUEST, target: { kind: 'channels', value: 0.5 } } as const;
    const rankings = rankingsFor(request, network, coupled, layers, measures);
    expect(keepSets(request.target, rankings, costModel(network))).toEqual(keep);
  });

  it.each(expectedLayers)('compensates layer %s alike: δ* and least squares', (node, expected) => {
    const layer = statisticsOf(node);
    const consumer = layerCalled(node);
    const kept = keep[consumer.inputs.groups[0].name];
    const { p } = layer;
    const sliced = compensate(layer, kept, 'none').weights;
    const scaled = sliced.map((weight, at) => weight * expected.delta[Math.floor(at / (kept.length * p))][Math.floor(at / p) % kept.length]);
    expect(relativeError(compensate(layer, kept, 'scale').weights, scaled)).toBeLessThan(TOLERANCE);
    const plan = oneShotPlan(layers, measures.statistics, keep, 'leastSquares');
    const kernel = componentWeights(consumer, plan.weights[node].kernel);
    expect(relativeError(kernel, expected.leastSquares.flat())).toBeLessThan(TOLERANCE);
  });

  it('computes the same logits, intact, pruned, and compensated in either order', async () => {
    const expected: Record<string, number[]> = oracle.logits;
    expect(relativeError(await logits(), expected.intact)).toBeLessThan(TOLERANCE);
    expect(relativeError(await logits({ keep, weights: {} }), expected.none)).toBeLessThan(TOLERANCE);
    for (const method of ['scale', 'leastSquares'] as const) {
      const oneShot = await logits(oneShotPlan(layers, measures.statistics, keep, method));
      expect(relativeError(oneShot, expected[`oneShot/${method}`]), `one-shot ${method}`).toBeLessThan(TOLERANCE);
      const sequential = await logits(await pruneSequentially(network, keep, method, pictures, correlator));
      expect(relativeError(sequential, expected[`sequential/${method}`]), `sequential ${method}`).toBeLessThan(TOLERANCE);
    }
  });

  it('would notice a wrong method: the oracle’s logits differ by far more than the tolerance', () => {
    const all = Object.values(oracle.logits);
    for (const [at, one] of all.entries()) {
      for (const other of all.slice(at + 1)) expect(relativeError(one, other)).toBeGreaterThan(100 * TOLERANCE);
    }
  });
});
