import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { coupling, couplingGroups } from '../network/coupling.ts';
import { networkBuilder, residualNetwork } from '../network/fixtures/networks.ts';
import type { Network } from '../network/network.ts';
import type { PrunePlan } from '../network/prunePlan.ts';
import { inferShapes } from '../network/shapes.ts';
import { prune } from '../network/surgery.ts';
import { consumerLayers } from '../pruning/consumerLayers.ts';
import { prunableGroups } from '../pruning/keepSets.ts';
import { oneShotPlan } from '../pruning/oneShotPlan.ts';
import { StatisticsStore } from '../pruning/statisticsStore.ts';
import { readBatch } from './batches.ts';
import { calibrate } from './calibrate.ts';
import { mixedNetwork } from './fixtures/mixedNetwork.ts';
import { randomSource } from './fixtures/arrays.ts';
import { startWasm } from './fixtures/wasmBackend.ts';
import type { ImageSource } from './imageSource.ts';
import { CompiledNetwork } from './interpreter.ts';
import type { Correlator } from './kernels/correlator.ts';
import { pruneSequentially } from './sequential.ts';

let correlator: Correlator;
beforeAll(async () => {
  ({ correlator } = await startWasm());
});

function pictures(network: Network, count = 96): ImageSource {
  return randomSource(count, inferShapes(network).get(network.nodes[0].id) ?? []);
}

async function valueAt(network: Network, id: string, images: ImageSource): Promise<{ values: Float32Array; channels: number }> {
  const compiled = new CompiledNetwork(network, [id]);
  const x = await readBatch(images, 0, images.count);
  const { [id]: value } = compiled.run(x, [id]);
  const values = (await value.data()) as Float32Array;
  const channels = value.shape[value.shape.length - 1];
  tf.dispose([x, value]);
  compiled.dispose();
  return { values, channels };
}

/** Per channel, the mean of what is missing at a node. */
async function meanError(network: Network, plan: PrunePlan, id: string, images: ImageSource): Promise<number[]> {
  const [intact, pruned] = [await valueAt(network, id, images), await valueAt(prune(network, plan), id, images)];
  const sums = Array.from({ length: intact.channels }, () => 0);
  intact.values.forEach((value, k) => (sums[k % intact.channels] += value - pruned.values[k]));
  return sums.map((sum) => (sum * intact.channels) / intact.values.length);
}

async function squaredError(network: Network, plan: PrunePlan, id: string, images: ImageSource): Promise<number> {
  const [intact, pruned] = [await valueAt(network, id, images), await valueAt(prune(network, plan), id, images)];
  return intact.values.reduce((sum, value, k) => sum + (value - pruned.values[k]) ** 2, 0);
}

/** Two convolutions with a ReLU behind each, the second with no norm or a norm. */
function twoLayers(norm: boolean): Network {
  const b = networkBuilder(11);
  let x = b.activation('relu1', b.conv('conv1', b.input('input', [8, 8, 3]), [3, 3], 3, 8, { bias: true }), 'relu');
  x = b.conv('conv2', x, [3, 3], 8, 6);
  if (norm) x = b.norm('norm2', x, 6);
  x = b.activation('relu2', x, 'relu');
  return b.build('two layers', b.dense('logits', b.globalPool('pool', x), 6, 4));
}

const KEEP = { conv1: [0, 2, 3, 6] };

describe('least squares with bias', () => {
  it.each([true, false])('leaves no mean error at the layer’s output (norm behind it: %s)', async (norm) => {
    const network = twoLayers(norm);
    const images = pictures(network);
    const at = norm ? 'norm2' : 'conv2';
    const largest = async (method: 'leastSquares' | 'leastSquaresBias') =>
      Math.max(...(await meanError(network, await pruneSequentially(network, KEEP, method, images, correlator), at, images)).map(Math.abs));
    expect(await largest('leastSquaresBias')).toBeLessThan(1e-5);
    expect(await largest('leastSquares')).toBeGreaterThan(1e-3);
  });

  it('puts the bias into the norm behind a layer that has none, and costs no parameter', async () => {
    const network = twoLayers(true);
    const plan = await pruneSequentially(network, KEEP, 'leastSquaresBias', pictures(network), correlator);
    expect(plan.weights.conv2.bias).toBeUndefined();
    expect(Object.keys(plan.norms ?? {})).toEqual(['norm2']);
    const bare = await pruneSequentially(twoLayers(false), KEEP, 'leastSquaresBias', pictures(network), correlator);
    expect(bare.weights.conv2.bias?.shape).toEqual([6]);
    expect(bare.norms).toBeUndefined();
  });

  it.each([residualNetwork(), mixedNetwork()])('in one shot is at most as far off as least squares, layer by layer, in the $name network', async (network) => {
    const images = pictures(network);
    const coupled = coupling(network);
    const layers = consumerLayers(network, coupled);
    const store = new StatisticsStore(layers);
    await calibrate(network, layers, images, correlator, (batch) => store.add(batch));
    const { statistics } = store.measures();
    let better = 0;
    for (const { name, channels, consumers } of prunableGroups(couplingGroups(network))) {
      const keep = { [name]: Array.from({ length: Math.ceil(channels / 2) }, (_, i) => 2 * i) };
      const [plain, biased] = (['leastSquares', 'leastSquaresBias'] as const).map((method) => oneShotPlan(layers, statistics, keep, method));
      for (const id of consumers) {
        const only = (plan: PrunePlan) => squaredError(network, plan, id, images);
        // behind a norm the bias is in its mean: look there
        const norm = layers.find((layer) => layer.node.id === id)?.norm;
        if (norm) continue;
        const [without, withBias] = [await only(plain), await only(biased)];
        expect(withBias).toBeLessThanOrEqual(without * (1 + 1e-4));
        if (withBias < 0.99 * without) better++;
      }
    }
    expect(better).toBeGreaterThan(0);
  });
});

describe('least squares behind a ReLU', () => {
  it.each([true, false])('leaves less error behind the ReLU than least squares with bias, at the price of more before it (norm: %s)', async (norm) => {
    const network = twoLayers(norm);
    const images = pictures(network);
    const before = norm ? 'norm2' : 'conv2';
    const errors = async (method: 'leastSquaresBias' | 'leastSquaresRelu') => {
      const plan = await pruneSequentially(network, KEEP, method, images, correlator);
      return [await squaredError(network, plan, before, images), await squaredError(network, plan, 'relu2', images)];
    };
    const [[linear, plain], [moved, behind]] = [await errors('leastSquaresBias'), await errors('leastSquaresRelu')];
    expect(behind).toBeLessThan(0.97 * plain);
    expect(moved).toBeGreaterThan(linear);
  });

  it('also through the sum of a residual block, with the stream’s error in the target', async () => {
    const network = residualNetwork();
    const images = pictures(network);
    const keep = { block1_conv1: [0, 2, 3], block2_conv1: [0, 1, 4, 6] };
    const errorOf = async (method: 'leastSquaresBias' | 'leastSquaresRelu') =>
      squaredError(network, await pruneSequentially(network, keep, method, images, correlator), 'block1_relu', images);
    expect(await errorOf('leastSquaresRelu')).toBeLessThan(0.998 * (await errorOf('leastSquaresBias')));
  });
});
