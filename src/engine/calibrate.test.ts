import * as tf from '@tensorflow/tfjs';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { singletonScores } from '../fidelity/singletonFidelity.ts';
import { coupling } from '../network/coupling.ts';
import { plainNetwork, residualNetwork } from '../network/fixtures/networks.ts';
import type { Network } from '../network/network.ts';
import { inferShapes } from '../network/shapes.ts';
import { consumerLayers, type ConsumerLayer } from '../pruning/consumerLayers.ts';
import { componentWeights } from '../pruning/layerWeights.ts';
import { StatisticsStore, type LayerSums } from '../pruning/statisticsStore.ts';
import { readBatch } from './batches.ts';
import { calibrate, type CalibrationBatch } from './calibrate.ts';
import { arraySource, randomSource, relativeError } from './fixtures/arrays.ts';
import { partOf } from './imageSource.ts';
import { everyOpNetwork } from './fixtures/everyOpNetwork.ts';
import { mixedNetwork } from './fixtures/mixedNetwork.ts';
import { explicitPatches, outerSum } from './fixtures/patchReference.ts';
import { shippedNetwork, testImages } from './fixtures/shipped.ts';
import { startWasm } from './fixtures/wasmBackend.ts';
import { layerGeometry } from './geometry.ts';
import { InputShapeError, type ImageSource } from './imageSource.ts';
import { CompiledNetwork } from './interpreter.ts';
import { CancelledError } from './job.ts';
import { layerInput } from './layerInput.ts';
import type { Correlator } from './kernels/correlator.ts';

const SMALL = { residual: residualNetwork(), plain: plainNetwork(4), everyOp: everyOpNetwork(), mixed: mixedNetwork() };

let correlator: Correlator;
beforeAll(async () => {
  ({ correlator } = await startWasm());
});
afterEach(async () => {
  await tf.setBackend('wasm');
});

function layersOf(network: Network): ConsumerLayer[] {
  return consumerLayers(network, coupling(network));
}

function inputShape(network: Network): readonly number[] {
  return inferShapes(network).get(network.nodes[0].id) ?? [];
}

/** All batches, and the sums over all of them by layer. */
async function gather(network: Network, images: ImageSource, kernel: Correlator | undefined) {
  const batches: CalibrationBatch[] = [];
  const sums = new Map<string, Float64Array>();
  await calibrate(network, layersOf(network), images, kernel, (batch) => {
    batches.push(batch);
    for (const layer of batch.layers) {
      const sum = sums.get(layer.layer);
      const gram = gramOf(layer);
      sums.set(layer.layer, sum ? sum.map((value, k) => value + gram[k]) : gram.slice());
    }
  });
  return { batches, sums };
}

function gramOf(sums: LayerSums): Float64Array {
  if (!('gram' in sums)) throw new Error(`"${sums.layer}" has no Gram`);
  return sums.gram;
}

/** Values at some nodes for all images, as arrays with their shapes. */
async function tapped(network: Network, images: ImageSource, ids: readonly string[]) {
  const compiled = new CompiledNetwork(network, ids);
  const x = await readBatch(images, 0, images.count);
  const tensors = compiled.run(x, ids);
  const values = new Map<string, { shape: readonly number[]; values: Float32Array }>();
  for (const id of ids) values.set(id, { shape: tensors[id].shape, values: (await tensors[id].data()) as Float32Array });
  tf.dispose([tensors, x]);
  compiled.dispose();
  return values;
}

async function expectExplicitGrams(network: Network, images: ImageSource): Promise<void> {
  const layers = layersOf(network);
  const { sums } = await gather(network, images, correlator);
  expect([...sums.keys()]).toEqual(layers.map(({ id }) => id));
  const values = await tapped(network, images, [...new Set(layers.flatMap(({ node }) => [node.inputs[0], node.id]))]);
  for (const layer of layers) {
    const { id, node, part, parts, n, p, m } = layer;
    const input = values.get(node.inputs[0]) ?? { shape: [], values: new Float32Array() };
    const output = values.get(node.id) ?? { shape: [], values: new Float32Array() };
    const geometry = layerGeometry(layer, input.shape.slice(1));
    const x = tf.tensor(input.values, [...input.shape]);
    const own = layerInput(layer, geometry, x);
    const patches = explicitPatches(geometry, await own.data());
    tf.dispose([x, own]);
    expect(relativeError(sums.get(id) ?? [], outerSum(patches, patches)), id).toBeLessThan(1e-5);

    // and the patches are those that the backend's own layer reads: W x is its output
    const weights = componentWeights(layer, node.weights.kernel);
    const { bias } = node.weights;
    const rebuilt = patches.flatMap((patch) => Array.from({ length: m }, (_, c) =>
      patch.reduce((sum, value, k) => sum + weights[c * n * p + k] * value, bias?.values[part * m + c] ?? 0)));
    const ofPart = output.values.filter((_, at) => Math.floor((at % (m * parts)) / m) === part);
    expect(relativeError(ofPart, rebuilt), `output of ${id}`).toBeLessThan(1e-5);
  }
}

describe('calibrate', () => {
  it.each(Object.entries(SMALL))('gives the sum of outer products of the patches that each layer of the %s network reads', async (_, network) => {
    await expectExplicitGrams(network, randomSource(5, inputShape(network)));
  });

  it('does so on every layer of the shipped ResNet-20 with real pictures', async () => {
    const network = await shippedNetwork('resnet20-cifar10');
    expect(layersOf(network).length).toBeGreaterThanOrEqual(20);
    await expectExplicitGrams(network, await testImages(7, 1));
  });

  it('of a layer too wide for its Gram sums what each input contributes', async () => {
    for (const network of Object.values(SMALL)) {
      const images = randomSource(5, inputShape(network));
      const layers = layersOf(network).map((layer) => ({ ...layer, statistics: 'contributions' as const }));
      const [byGram, byInput] = [new StatisticsStore(layersOf(network)), new StatisticsStore(layers)];
      await calibrate(network, byGram.layers, images, correlator, (batch) => byGram.add(batch));
      const before = tf.memory().numTensors;
      await calibrate(network, layers, images, correlator, (batch) => byInput.add(batch));
      expect(tf.memory().numTensors).toBe(before);
      const { contributions } = byInput.measures();
      for (const [id, layer] of byGram.measures().statistics) {
        expect(relativeError(contributions.get(id) ?? [], singletonScores(layer)), id).toBeLessThan(1e-4);
      }
    }
  });

  it('counts every image once, in order, whatever the batches', async () => {
    const network = SMALL.residual;
    const { batches } = await gather(network, randomSource(150, inputShape(network)), correlator);
    expect(batches.length).toBeGreaterThan(1);
    let done = 0;
    for (const batch of batches) {
      done += batch.images;
      expect(batch).toMatchObject({ done, total: 150 });
      expect(batch.layers.map(({ layer }) => layer)).toEqual(layersOf(network).map(({ id }) => id));
    }
    expect(done).toBe(150);
  });

  it('gives the same sums however the images are split', async () => {
    for (const network of Object.values(SMALL)) {
      const images = randomSource(83, inputShape(network));
      const { sums } = await gather(network, images, correlator);
      const [first, rest] = [await gather(network, partOf(images, 0, 19), correlator), await gather(network, partOf(images, 19, 64), correlator)];
      for (const [node, sum] of sums) {
        const parts = first.sums.get(node)?.map((value, k) => value + (rest.sums.get(node)?.[k] ?? Number.NaN)) ?? [];
        expect(relativeError(sum, parts), node).toBeLessThan(1e-6);
      }
    }
  });

  it('never hands out the same array twice, so that each can be transferred', async () => {
    const network = SMALL.residual;
    const { batches } = await gather(network, randomSource(150, inputShape(network)), correlator);
    const buffers = batches.flatMap(({ layers }) => layers.map((sums) => gramOf(sums).buffer));
    expect(new Set(buffers).size).toBe(buffers.length);
    expect(batches.flatMap(({ layers }) => layers).map(gramOf).every((gram) => gram.byteLength === gram.buffer.byteLength)).toBe(true);
  });

  it.each(Object.entries(SMALL))('by matrix products on the device gives what the kernel gives, on the %s network', async (_, network) => {
    const images = randomSource(40, inputShape(network));
    const byKernel = await gather(network, images, correlator);
    await tf.setBackend('cpu');
    // off wasm the kernel must not be used, also where there is one
    for (const kernel of [undefined, correlator]) {
      const onDevice = await gather(network, images, kernel);
      for (const [node, gram] of byKernel.sums) expect(relativeError(onDevice.sums.get(node) ?? [], gram), node).toBeLessThan(1e-5);
    }
  });

  it('keeps the number of tensors flat', async () => {
    for (const [backend, kernel] of [['wasm', correlator], ['wasm', undefined], ['cpu', undefined]] as const) {
      await tf.setBackend(backend);
      const before = tf.memory().numTensors;
      const during = new Set<number>();
      await calibrate(SMALL.plain, layersOf(SMALL.plain), randomSource(330, inputShape(SMALL.plain)), kernel, () => during.add(tf.memory().numTensors));
      expect(during.size, backend).toBe(1);
      expect(tf.memory().numTensors, backend).toBe(before);
    }
  });

  it('stops within one batch when cancelled, and leaks nothing', async () => {
    for (const [backend, kernel] of [['wasm', correlator], ['cpu', undefined]] as const) {
      await tf.setBackend(backend);
      const before = tf.memory().numTensors;
      const images = randomSource(400, inputShape(SMALL.residual));
      for (const stopAt of [1, 3]) {
        const controller = new AbortController();
        let reads = 0;
        const counted: ImageSource = {
          ...images,
          read: (first, count) => {
            reads++;
            if (reads === stopAt) controller.abort();
            return images.read(first, count);
          },
        };
        const running = calibrate(SMALL.residual, layersOf(SMALL.residual), counted, kernel, () => {}, { signal: controller.signal });
        await expect(running).rejects.toBeInstanceOf(CancelledError);
        expect(reads).toBe(stopAt);
        expect(tf.memory().numTensors).toBe(before);
      }
    }
  });

  it('lets a cancel that comes as a message in before the next batch', async () => {
    const images = randomSource(400, inputShape(SMALL.residual));
    const controller = new AbortController();
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => controller.abort();
    let readsAfterPost = 0;
    let posted = false;
    const counted: ImageSource = {
      ...images,
      read: (first, count) => {
        if (posted) readsAfterPost++;
        if (first > 0 && !posted) {
          posted = true;
          port2.postMessage('cancel');
        }
        return images.read(first, count);
      },
    };
    const running = calibrate(SMALL.residual, layersOf(SMALL.residual), counted, correlator, () => {}, { signal: controller.signal });
    await expect(running).rejects.toBeInstanceOf(CancelledError);
    expect(readsAfterPost).toBeLessThanOrEqual(1);
    port1.close();
  });

  it('leaks nothing when reading or a receiver fails', async () => {
    const before = tf.memory().numTensors;
    const images = randomSource(100, inputShape(SMALL.residual));
    const failing: ImageSource = {
      ...images,
      read: (first, count) => (first > 0 ? Promise.reject(new Error('the file ended')) : images.read(first, count)),
    };
    const run = (source: ImageSource, emit: () => void) => calibrate(SMALL.residual, layersOf(SMALL.residual), source, correlator, emit);
    await expect(run(failing, () => {})).rejects.toThrow('the file ended');
    await expect(run(images, () => { throw new Error('nobody listens'); })).rejects.toThrow('nobody listens');
    expect(tf.memory().numTensors).toBe(before);
  });

  it('refuses pictures of another shape, naming both', async () => {
    const wrong = arraySource(new Float32Array(8 * 9 * 3), [8, 9, 3]);
    const running = calibrate(SMALL.residual, layersOf(SMALL.residual), wrong, correlator, () => {});
    await expect(running).rejects.toBeInstanceOf(InputShapeError);
    await expect(running).rejects.toThrow(/8 × 9 × 3.*8 × 8 × 3/);
  });
});
