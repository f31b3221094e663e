import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { coupling } from '../../network/coupling.ts';
import { gpt2 } from '../../network/fixtures/architectures/decoders.ts';
import { plainNetwork } from '../../network/fixtures/networks.ts';
import type { Network, Node, Weight } from '../../network/network.ts';
import { removeBlocks } from '../../network/removeBlocks.ts';
import { residualBlocks } from '../../network/residualBranches.ts';
import { withResidualChannels } from '../../network/residualChannels.ts';
import { inferShapes, validateNetwork } from '../../network/shapes.ts';
import { prune } from '../../network/surgery.ts';
import { TRANSFORM_RULES, TRANSFORMS } from '../../pruning/transforms.ts';
import { computeLogits } from '../evaluate.ts';
import { arraySource, randomSource, relativeError } from '../fixtures/arrays.ts';
import { inputOf, networkOf, TRANSFORMERS as oracle } from '../fixtures/transformers.ts';
import { startWasm } from '../fixtures/wasmBackend.ts';
import { CompiledNetwork } from '../interpreter.ts';
import { CancelledError } from '../job.ts';
import type { Correlator } from '../kernels/correlator.ts';
import { blockInfluence } from './blockInfluence.ts';
import { costShare, TransformRefusedError, TransformTargetError } from './networkTransform.ts';
import { slicedNetwork, slicedShapes } from './slicedNetwork.ts';
import { streamComponents } from './streamComponents.ts';
import { streamForm } from './streamForm.ts';
import { NETWORK_TRANSFORMS } from './table.ts';

let correlator: Correlator;
beforeAll(async () => {
  ({ correlator } = await startWasm());
});

const logitsOf = async (network: Network, images: Parameters<typeof computeLogits>[1]) => (await computeLogits(network, images)).values;

it('the table has every transform that is described', () => {
  expect(Object.keys(NETWORK_TRANSFORMS).sort()).toEqual([...TRANSFORMS].sort());
  expect(Object.keys(TRANSFORM_RULES).sort()).toEqual([...TRANSFORMS].sort());
});

describe.each([['vit', oracle.vit], ['gpt2', oracle.gpt2], ['llama', oracle.llama]] as const)('SliceGPT on %s', (name, one) => {
  const network = networkOf(one);
  const images = name === 'vit' ? randomSource(12, inferShapes(network).get('input') ?? [], 3) : inputOf(one, network);

  it('computes the same with all components', async () => {
    const form = streamForm(network);
    const tensors = tf.memory().numTensors;
    const turned = await slicedNetwork(network, form, form.width, await streamComponents(network, form, form.width, images, correlator));
    expect(tf.memory().numTensors).toBe(tensors);
    validateNetwork(turned);
    expect(relativeError(await logitsOf(turned, images), await logitsOf(network, images))).toBeLessThan(1e-4);
    // and not because nothing was turned
    const [before, after] = [network, turned].map(({ nodes }) => nodes.find(({ op }) => op === 'positions' || op === 'embedding')?.weights as Record<string, Weight>);
    expect(relativeError(Object.values(after)[0].values, Object.values(before)[0].values)).toBeGreaterThan(0.1);
  });

  it('computes what projecting the stream at every position does', async () => {
    const form = streamForm(network);
    const slices = form.width - 3;
    const rotations = await streamComponents(network, form, slices, images, correlator);
    const found = await logitsOf(await slicedNetwork(network, form, slices, rotations), images);
    const expected = await logitsOf(withProjections(network, rotations, slices), images);
    expect(relativeError(found, expected)).toBeLessThan(1e-4);
    expect(relativeError(found, await logitsOf(network, images))).toBeGreaterThan(1e-3);
  });

  it('keeps as many components as the share allows', async () => {
    const form = streamForm(network);
    for (const kind of ['params', 'macs'] as const) {
      const costOf = costShare(network, kind);
      const least = costOf(slicedShapes(network, form, 1));
      const share = { kind, value: (1 + least) / 2 };
      const smaller = await NETWORK_TRANSFORMS.sliceGpt({ network, images, correlator, share, seed: 1 });
      const kept = smaller.nodes.find(({ id }) => id.endsWith('_shortcut'))?.weights as Record<string, Weight>;
      const [slices] = kept.kernel.shape;
      expect(costOf(smaller)).toBeLessThanOrEqual(share.value);
      expect(costOf(slicedShapes(network, form, slices))).toBe(costOf(smaller));
      expect(costOf(slicedShapes(network, form, slices + 1))).toBeGreaterThan(share.value);
      await expect(NETWORK_TRANSFORMS.sliceGpt({ network, images, correlator, share: { kind, value: least / 2 }, seed: 1 })).rejects.toThrow(TransformTargetError);
    }
  });
});

/** The same network with `x → (x − mean) Q Qᵀ` at every position of the stream, before all that reads it. */
function withProjections(network: Network, rotations: readonly Float64Array[], slices: number): Network {
  const { branches, width, centred } = streamForm(network);
  const positions = [branches[0].stream, ...branches.map(({ add }) => add)];
  const made = new Map(positions.map((id, k): [string, Node] => {
    const values = new Float32Array(width * width);
    for (let a = 0; a < width; a++) for (let b = 0; b < width; b++) {
      let sum = 0;
      for (let d = 0; d < width; d++) {
        const entry = centred ? (a === d ? 1 : 0) - 1 / width : a === d ? 1 : 0;
        for (let s = 0; s < slices; s++) sum += entry * rotations[k][d * slices + s] * rotations[k][b * slices + s];
      }
      values[a * width + b] = sum;
    }
    return [id, { id: `${id}_projected`, op: 'dense', inputs: [id], attributes: {}, weights: { kernel: { shape: [width, width], values } } }];
  }));
  return {
    ...network,
    nodes: network.nodes.flatMap((node): Node[] => {
      const own = { ...node, inputs: node.inputs.map((id) => made.get(id)?.id ?? id) };
      const projection = made.get(node.id);
      return projection ? [own, projection] : [own];
    }),
  };
}

describe('SliceGPT', () => {
  it('loses nothing where the stream lies in a subspace', async () => {
    const rank = 4;
    const network = lowRank(networkOf(oracle.llama), rank);
    const images = inputOf(oracle.llama, network);
    const form = streamForm(network);
    const sliced = await slicedNetwork(network, form, rank, await streamComponents(network, form, rank, images, correlator));
    expect(relativeError(await logitsOf(sliced, images), await logitsOf(network, images))).toBeLessThan(1e-4);
    const less = await slicedNetwork(network, form, rank - 1, await streamComponents(network, form, rank - 1, images, correlator));
    expect(relativeError(await logitsOf(less, images), await logitsOf(network, images))).toBeGreaterThan(1e-2);
  });

  it('computes the same of norms over more channels than are left', async () => {
    const residual = withResidualChannels(networkOf(oracle.llama));
    const stream = coupling(residual).features.get('embedding')?.groups[0];
    const network = prune(residual, { keep: { [stream?.name ?? '']: [0, 1, 2, 4, 5, 7, 8, 10, 11] }, weights: {} });
    const images = inputOf(oracle.llama, network);
    const form = streamForm(network);
    expect(form.width).toBe(9);
    const turned = await slicedNetwork(network, form, 9, await streamComponents(network, form, 9, images, correlator));
    expect(relativeError(await logitsOf(turned, images), await logitsOf(network, images))).toBeLessThan(1e-4);
  });

  it('refuses other forms by name', async () => {
    const share = { kind: 'params', value: 0.8 } as const;
    const swin = networkOf(oracle.swin);
    const refused = (network: Network) => NETWORK_TRANSFORMS.sliceGpt({ network, images: randomSource(2, [4]), correlator, share, seed: 1 });
    await expect(refused(swin)).rejects.toThrow(TransformRefusedError);
    await expect(refused(plainNetwork())).rejects.toThrow('it has no residual stream');
    const network = gpt2({ divisor: 64, size: 4, classes: 9 });
    const read = { ...network, nodes: [...network.nodes, { id: 'peek', op: 'activation', inputs: ['block3_add1'], attributes: { function: 'relu' }, weights: {} } as const], outputs: ['logits', 'peek'] };
    await expect(refused(read)).rejects.toThrow('"peek" (activation) reads the stream and is no norm');
  });
});

/** All that writes the stream writes into a random subspace of it. */
function lowRank(network: Network, rank: number): Network {
  const { writers, width } = streamForm(network);
  const basis = Float64Array.from({ length: width * rank }, (_, at) => Math.sin(at * at + 1));
  const gram = new Float64Array(width * width);
  for (let a = 0; a < width; a++) for (let b = 0; b < width; b++) for (let k = 0; k < rank; k++) gram[a * width + b] += (basis[a * rank + k] * basis[b * rank + k]) / width;
  const projected = ({ shape, values }: Weight): Weight => ({
    shape,
    values: values.map((_, at) => {
      const [row, column] = [Math.floor(at / width), at % width];
      let sum = 0;
      for (let d = 0; d < width; d++) sum += values[row * width + d] * gram[d * width + column];
      return sum;
    }),
  });
  return {
    ...network,
    nodes: network.nodes.map((node) => (writers.has(node.id)
      ? { ...node, weights: Object.fromEntries(Object.entries(node.weights as Record<string, Weight>).map(([name, weight]) => [name, projected(weight)])) } as Node
      : node)),
  };
}

const along = (a: ArrayLike<number>, b: ArrayLike<number>): number => Array.from(a).reduce((total, v, d) => total + v * b[d], 0);

describe('ShortGPT', () => {
  const network = gpt2({ divisor: 64, size: 6, classes: 17, seed: 3 });
  const ids = Float32Array.from({ length: 5 * 6 }, (_, k) => (k * k + 3 * k) % 17);
  const images = arraySource(ids, [6]);

  it('measures how far blocks turn the stream', async () => {
    const blocks = residualBlocks(network);
    const influence = await blockInfluence(network, blocks, images);
    const wanted = blocks.flatMap((block) => [block[0].stream, block[1].add]);
    const compiled = new CompiledNetwork(network, wanted);
    const x = tf.tensor(ids, [5, 6]);
    const values = compiled.run(x, wanted);
    const width = inferShapes(network).get('embedding')?.[1] ?? 0;
    for (const [k, block] of blocks.entries()) {
      const [before, behind] = [await values[block[0].stream].data(), await values[block[1].add].data()];
      let sum = 0;
      for (let t = 0; t < 30; t++) {
        const own = [before, behind].map((all) => all.slice(t * width, (t + 1) * width));
        sum += along(own[0], own[1]) / Math.sqrt(along(own[0], own[0]) * along(own[1], own[1]));
      }
      expect(influence[k]).toBeCloseTo(1 - sum / 30, 5);
    }
    tf.dispose([x, values]);
    compiled.dispose();
  });

  it('leaves out the blocks of least influence, as few as the share asks for', async () => {
    const blocks = residualBlocks(network);
    const influence = await blockInfluence(network, blocks, images);
    const order = Array.from(blocks.keys()).sort((a, b) => influence[a] - influence[b]);
    for (const kind of ['params', 'macs'] as const) {
      const costOf = costShare(network, kind);
      const tensors = tf.memory().numTensors;
      const smaller = await NETWORK_TRANSFORMS.shortGpt({ network, images, correlator, share: { kind, value: 0.7 }, seed: 1 });
      expect(tf.memory().numTensors).toBe(tensors);
      const count = 12 - residualBlocks(smaller).length;
      expect(count).toBeGreaterThan(1);
      expect(smaller).toEqual(removeBlocks(network, order.slice(0, count).map((k) => blocks[k])));
      expect(costOf(smaller)).toBeLessThanOrEqual(0.7);
      expect(costOf(removeBlocks(network, order.slice(0, count - 1).map((k) => blocks[k])))).toBeGreaterThan(0.7);
      validateNetwork(smaller);
    }
  });

  it('takes a block that does nothing first, and changes no output by that', async () => {
    const still = { ...network, nodes: network.nodes.map((node): Node => (/^block8_(out|down)$/.test(node.id) && node.op === 'dense'
      ? { ...node, weights: { kernel: { shape: node.weights.kernel.shape, values: new Float32Array(node.weights.kernel.values.length) } } } : node)) };
    const smaller = await NETWORK_TRANSFORMS.shortGpt({ network: still, images, correlator, share: { kind: 'params', value: 0.999 }, seed: 1 });
    expect(smaller.nodes.some(({ id }) => id.startsWith('block8_'))).toBe(false);
    expect(residualBlocks(smaller)).toHaveLength(11);
    expect(relativeError(await logitsOf(smaller, images), await logitsOf(still, images))).toBeLessThan(1e-6);
  });

  it('refuses what it cannot do, and stops when it is cancelled', async () => {
    const share = { kind: 'params', value: 0.7 } as const;
    await expect(NETWORK_TRANSFORMS.shortGpt({ network: plainNetwork(), images, correlator, share, seed: 1 })).rejects.toThrow(TransformRefusedError);
    await expect(NETWORK_TRANSFORMS.shortGpt({ network, images, correlator, share: { kind: 'params', value: 1e-3 }, seed: 1 })).rejects.toThrow(TransformTargetError);
    for (const transform of TRANSFORMS) {
      const tensors = tf.memory().numTensors;
      const controller = new AbortController();
      const running = NETWORK_TRANSFORMS[transform]({ network, images, correlator, share, seed: 1 }, { signal: controller.signal, onProgress: () => controller.abort() });
      await expect(running, transform).rejects.toThrow(CancelledError);
      expect(tf.memory().numTensors, transform).toBe(tensors);
    }
  });
});
