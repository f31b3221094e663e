import * as tf from '@tensorflow/tfjs';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { costModel } from '../network/costModel.ts';
import { coupling, couplingGroups } from '../network/coupling.ts';
import { plainNetwork, residualNetwork } from '../network/fixtures/networks.ts';
import type { Network } from '../network/network.ts';
import type { PrunePlan } from '../network/prunePlan.ts';
import { inferShapes } from '../network/shapes.ts';
import { prune } from '../network/surgery.ts';
import { consumerLayers } from '../pruning/consumerLayers.ts';
import { keepSets, prunableGroups } from '../pruning/keepSets.ts';
import { oneShotPlan } from '../pruning/oneShotPlan.ts';
import { COMPENSATIONS, DEFAULT_REQUEST, type Compensation } from '../pruning/pruneRequest.ts';
import { rankingsFor } from '../pruning/rankings.ts';
import { StatisticsStore } from '../pruning/statisticsStore.ts';
import { calibrate } from './calibrate.ts';
import { computeLogits, logitError } from './evaluate.ts';
import { randomSource, relativeError } from './fixtures/arrays.ts';
import { everyOpNetwork } from './fixtures/everyOpNetwork.ts';
import { mixedNetwork } from './fixtures/mixedNetwork.ts';
import { shippedImages, shippedNetwork, testImages } from './fixtures/shipped.ts';
import { startWasm } from './fixtures/wasmBackend.ts';
import { InputShapeError, type ImageSource } from './imageSource.ts';
import { CancelledError } from './job.ts';
import type { Correlator } from './kernels/correlator.ts';
import { pruneSequentially } from './sequential.ts';

let correlator: Correlator;
beforeAll(async () => {
  ({ correlator } = await startWasm());
});
afterEach(async () => {
  await tf.setBackend('wasm');
});

const SMALL: Record<string, Network> = { residual: residualNetwork(), plain: plainNetwork(4), everyOp: everyOpNetwork(), mixed: mixedNetwork() };

function pictures(network: Network, count: number): ImageSource {
  return randomSource(count, inferShapes(network).get(network.nodes[0].id) ?? []);
}

/** The first half of every group that may be cut. */
function halves(network: Network): Record<string, number[]> {
  const free = prunableGroups(couplingGroups(network));
  return Object.fromEntries(free.map(({ name, channels }) => [name, Array.from({ length: Math.ceil(channels / 2) }, (_, i) => 2 * i)]));
}

function everything(network: Network): Record<string, number[]> {
  const free = prunableGroups(couplingGroups(network));
  return Object.fromEntries(free.map(({ name, channels }) => [name, Array.from({ length: channels }, (_, i) => i)]));
}

/** Values of output channel 2 of `width` set to 0. */
function silence(values: Float32Array, width: number): Float32Array {
  return values.map((value, k) => (k % width === 2 ? 0 : value));
}

describe('pruneSequentially', () => {
  it.each(Object.entries(SMALL))('with everything kept changes nothing in the %s network', async (_, network) => {
    const images = pictures(network, 40);
    const { values: intact } = await computeLogits(network, images);
    for (const keep of [everything(network), {}]) {
      for (const method of COMPENSATIONS) {
        const plan = await pruneSequentially(network, keep, method, images, correlator);
        expect(plan.keep).toEqual(keep);
        expect(relativeError((await computeLogits(prune(network, plan), images)).values, intact)).toBeLessThan(1e-4);
      }
    }
  });

  it('makes no refit up for a network whose cut channels were zero anyway', async () => {
    // a channel whose producer's filter, norm shift and mean are 0 says nothing: least squares must keep the logits
    const base = residualNetwork();
    const network: Network = {
      ...base,
      nodes: base.nodes.map((node) => {
        if (node.op === 'conv2d' && node.id === 'block2_conv1') {
          const { kernel } = node.weights;
          return { ...node, weights: { ...node.weights, kernel: { ...kernel, values: silence(kernel.values, 7) } } };
        }
        if (node.op === 'batchNorm' && node.id === 'block2_conv1_norm') {
          const { beta, mean } = node.weights;
          if (!beta) throw new Error('the fixture has a beta');
          return { ...node, weights: { ...node.weights, beta: { ...beta, values: silence(beta.values, 7) }, mean: { ...mean, values: silence(mean.values, 7) } } };
        }
        return node;
      }),
    };
    const images = pictures(network, 64);
    const intact = await computeLogits(network, images);
    const plan = await pruneSequentially(network, { block2_conv1: [0, 1, 3, 4, 5, 6] }, 'leastSquares', images, correlator);
    expect(relativeError((await computeLogits(prune(network, plan), images)).values, intact.values)).toBeLessThan(1e-4);
  });

  it('brings weights for every consumer whose input changed, with zeros where outputs are cut', async () => {
    const network = SMALL.residual;
    const keep = { block1_conv1: [1, 4] };
    const plan = await pruneSequentially(network, keep, 'leastSquares', pictures(network, 40), correlator);
    // everything after block1_conv2 sees another input, also where all of its channels stay
    expect(Object.keys(plan.weights).sort()).toEqual(['block1_conv2', 'block2_conv1', 'block2_conv2', 'block2_shortcut', 'logits'].sort());
    const both = await pruneSequentially(network, { ...keep, stem: [0, 2, 5] }, 'leastSquares', pictures(network, 40), correlator);
    const { kernel } = both.weights.block1_conv2;
    expect(kernel.shape).toEqual([3, 3, 2, 6]);
    for (let c = 0; c < 6; c++) {
      const column = kernel.values.filter((_, k) => k % 6 === c);
      expect(column.some((value) => value !== 0), `output ${c}`).toBe([0, 2, 5].includes(c));
    }
  });

  it('refits grouped and transposed convolutions, and layers behind gates and concatenations', async () => {
    const network = SMALL.mixed;
    const images = pictures(network, 96);
    const intact = await computeLogits(network, images);
    const keep = halves(network);
    const plan = await pruneSequentially(network, keep, 'leastSquares', images, correlator);
    expect(Object.keys(plan.weights)).toEqual(expect.arrayContaining(['squeeze', 'excite', 'project', 'grouped', 'up', 'everywhere', 'logits']));
    const errorOf = async (one: PrunePlan) => logitError(intact, await computeLogits(prune(network, one), images));
    expect(await errorOf(plan)).toBeLessThan(0.5 * (await errorOf({ keep, weights: {} })));
  });

  it.each(Object.entries(SMALL))('gives on another backend, by matrix products, the plan of the kernel, for the %s network', async (_, network) => {
    const images = pictures(network, 40);
    const byKernel = await pruneSequentially(network, halves(network), 'leastSquaresRelu', images, correlator);
    const expected = (await computeLogits(prune(network, byKernel), images)).values;
    await tf.setBackend('cpu');
    const onDevice = await pruneSequentially(network, halves(network), 'leastSquaresRelu', images, undefined);
    expect(Object.keys(onDevice.weights)).toEqual(Object.keys(byKernel.weights));
    expect(relativeError((await computeLogits(prune(network, onDevice), images)).values, expected)).toBeLessThan(1e-3);
  });

  it('releases every value, after the end and when it is cancelled at any point', async () => {
    for (const network of Object.values(SMALL)) {
      const images = pictures(network, 70);
      const before = tf.memory().numTensors;
      const steps: number[] = [];
      await pruneSequentially(network, halves(network), 'leastSquaresRelu', images, correlator, { onProgress: ({ done }) => steps.push(done) });
      expect(tf.memory().numTensors).toBe(before);
      expect(steps).toEqual(network.nodes.map((_, at) => at + 1));
      for (const stopAt of [1, 2, Math.ceil(steps.length / 2), steps.length - 1]) {
        const controller = new AbortController();
        const job = { signal: controller.signal, onProgress: ({ done }: { done: number }) => done === stopAt && controller.abort() };
        await expect(pruneSequentially(network, halves(network), 'leastSquaresRelu', images, correlator, job)).rejects.toBeInstanceOf(CancelledError);
        expect(tf.memory().numTensors, `cancelled after node ${stopAt}`).toBe(before);
      }
    }
  });

  it('releases the pictures read so far when it is cancelled, or a read fails, while they are read', async () => {
    const network = SMALL.residual;
    const images = pictures(network, 200);
    const before = tf.memory().numTensors;
    const controller = new AbortController();
    const cancelling: ImageSource = { ...images, read: (first, count) => (first > 50 && controller.abort(), images.read(first, count)) };
    await expect(pruneSequentially(network, halves(network), 'scale', cancelling, correlator, { signal: controller.signal })).rejects.toBeInstanceOf(CancelledError);
    expect(tf.memory().numTensors).toBe(before);
    const failing: ImageSource = { ...images, read: (first, count) => (first > 50 ? Promise.reject(new Error('gone')) : images.read(first, count)) };
    await expect(pruneSequentially(network, halves(network), 'scale', failing, correlator)).rejects.toThrow('gone');
    expect(tf.memory().numTensors).toBe(before);
  });

  it('refuses pictures of another shape before anything is run', async () => {
    const before = tf.memory().numTensors;
    const running = pruneSequentially(SMALL.residual, {}, 'scale', randomSource(4, [8, 8, 1]), correlator);
    await expect(running).rejects.toBeInstanceOf(InputShapeError);
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe('on the shipped ResNet-20 at half the MACs, 128 real pictures', () => {
  const errors = new Map<string, number>();

  beforeAll(async () => {
    const network = await shippedNetwork('resnet20-cifar10');
    const coupled = coupling(network);
    const layers = consumerLayers(network, coupled);
    const data = await shippedImages();
    const calibration = data.source('train', data.calibrationIndices(128, 3));
    const store = new StatisticsStore(layers);
    await calibrate(network, layers, calibration, correlator, (batch) => store.add(batch));
    const measures = store.measures();
    const keep = keepSets({ kind: 'macs', value: 0.5 }, rankingsFor(DEFAULT_REQUEST, network, coupled, layers, measures), costModel(network));
    const test = await testImages(0, 100);
    const intact = await computeLogits(network, test);
    const measure = async (name: string, plan: PrunePlan) =>
      errors.set(name, logitError(intact, await computeLogits(prune(network, plan), test)));
    await measure('none', { keep, weights: {} });
    for (const method of ['scale', 'leastSquares', 'leastSquaresBias', 'leastSquaresRelu'] as const satisfies Compensation[]) {
      await measure(`one-shot ${method}`, oneShotPlan(layers, measures.statistics, keep, method));
      await measure(`sequential ${method}`, await pruneSequentially(network, keep, method, calibration, correlator));
    }
  }, 240_000);

  it.each([
    ['sequential leastSquares', 'one-shot leastSquares'],
    ['one-shot leastSquares', 'none'],
    ['sequential scale', 'one-shot scale'],
    ['one-shot scale', 'none'],
    ['sequential leastSquares', 'sequential scale'],
  ])('%s leaves a clearly smaller error of the logits of other pictures than %s', (better, worse) => {
    expect(errors.get(better)).toBeGreaterThan(0);
    expect(errors.get(better)).toBeLessThan(0.9 * (errors.get(worse) ?? 0));
  });

  it('sequential least squares keeps most of the logits’ energy', () => {
    expect(errors.get('sequential leastSquares')).toBeLessThan(0.5);
  });
});
