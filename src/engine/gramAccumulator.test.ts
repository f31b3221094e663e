import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { networkBuilder, nodeOfOp, randomWeights } from '../network/fixtures/networks.ts';
import type { ConsumerNode, Padding, Pair } from '../network/network.ts';
import { layerGeometry } from './geometry.ts';
import { crossProduct, gramAccumulator } from './gramAccumulator.ts';
import { relativeError } from './fixtures/arrays.ts';
import { explicitPatches, outerSum } from './fixtures/patchReference.ts';
import { startWasm } from './fixtures/wasmBackend.ts';
import type { Correlator } from './kernels/correlator.ts';

let correlator: Correlator;
beforeAll(async () => {
  ({ correlator } = await startWasm());
});

function conv(size: Pair, channels: number, strides: Pair, padding: Padding, dilations: Pair = [1, 1]): ConsumerNode {
  const b = networkBuilder(1);
  b.conv('conv', b.input('input', [12, 12, channels]), size, channels, 4, { strides, padding });
  const node = nodeOfOp(b.build('one', 'conv'), 'conv', 'conv2d');
  return { ...node, attributes: { ...node.attributes, dilations } };
}

function dense(features: number): ConsumerNode {
  const b = networkBuilder(1);
  b.dense('dense', b.input('input', [features]), features, 4);
  return nodeOfOp(b.build('one', 'dense'), 'dense', 'dense');
}

/** Layer, shape of one input, images, and the maps that a flatten laid out. */
const CASES: Record<string, [ConsumerNode, readonly number[], number, Pair?]> = {
  '3 × 3 of stride 1': [conv([3, 3], 5, [1, 1], 'same'), [7, 6, 5], 4],
  '3 × 3 of stride 2 on even sides': [conv([3, 3], 9, [2, 2], 'same'), [8, 6, 9], 4],
  '3 × 3 of stride 2 on odd sides': [conv([3, 3], 4, [2, 2], 'same'), [7, 9, 4], 3],
  '1 × 1 of stride 1': [conv([1, 1], 11, [1, 1], 'same'), [5, 5, 11], 4],
  '1 × 1 of stride 2': [conv([1, 1], 6, [2, 2], 'same'), [8, 8, 6], 4],
  '2 × 3, valid, unequal strides': [conv([2, 3], 3, [1, 2], 'valid'), [6, 9, 3], 4],
  'dilated': [conv([3, 3], 3, [1, 1], 'same', [2, 2]), [8, 7, 3], 4],
  'more positions than one product takes': [conv([3, 3], 3, [1, 1], 'same'), [32, 32, 3], 6],
  'dense after a flatten': [dense(3 * 2 * 5), [3 * 2 * 5], 12, [3, 2]],
  'dense at every position': [dense(7), [4, 3, 7], 3],
  'explicitly padded': [conv([3, 3], 4, [2, 1], [[2, 1], [0, 1]]), [7, 6, 4], 3],
  'dense after global pooling': [dense(7), [7], 30],
};

async function onBackend<T>(name: string, work: () => Promise<T>): Promise<T> {
  await tf.setBackend(name);
  try {
    return await work();
  } finally {
    await tf.setBackend('wasm');
  }
}

const PATHS = [
  ['the kernel on wasm', 'wasm', () => correlator],
  ['products on wasm', 'wasm', () => undefined],
  ['products on cpu', 'cpu', () => undefined],
] as const;

describe.each(Object.entries(CASES))('statistics of a layer: %s', (_, [node, shape, images, flattened]) => {
  const values = randomWeights(11)([images, ...shape], 1).values;
  const geometry = layerGeometry({ node, parts: 1, flattened }, shape);
  const patches = explicitPatches(geometry, values);

  it('the Gram is Σ x xᵀ by every path, over two batches, and take starts anew', async () => {
    const expected = outerSum(patches, patches);
    for (const [name, backend, kernel] of PATHS) {
      await onBackend(backend, async () => {
        const before = tf.memory().numTensors;
        const accumulator = gramAccumulator(geometry, kernel());
        const size = values.length / images;
        const add = async (first: number, count: number) => {
          const x = tf.tensor(values.slice(first * size, (first + count) * size), [count, ...geometry.input]);
          await accumulator.add(x);
          expect(x.isDisposed).toBe(false);
          x.dispose();
        };
        await add(0, 1);
        await add(1, images - 1);
        expect(relativeError(await accumulator.take(), expected), name).toBeLessThan(1e-5);
        await add(0, images);
        expect(relativeError(await accumulator.take(), expected), `${name}, second take`).toBeLessThan(1e-5);
        await add(0, 1);
        accumulator.dispose();
        expect(tf.memory().numTensors, name).toBe(before);
      });
    }
  });

  it('the cross product is Σ Y xᵀ by every path', async () => {
    const m = 3;
    const y = randomWeights(12)([patches.length, m], 1).values;
    const outputs = patches.map((_, t) => y.subarray(t * m, (t + 1) * m));
    const expected = outerSum(outputs, patches);
    for (const [name, backend, kernel] of PATHS) {
      await onBackend(backend, async () => {
        const before = tf.memory().numTensors;
        const x = tf.tensor(values, [images, ...geometry.input]);
        const target = tf.tensor(y, [images, ...geometry.output, m]);
        expect(relativeError(await crossProduct(geometry, x, target, kernel()), expected), name).toBeLessThan(1e-5);
        tf.dispose([x, target]);
        expect(tf.memory().numTensors, name).toBe(before);
      });
    }
  });
});
