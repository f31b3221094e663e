import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { PRESETS } from '../../datasets/preprocessing.ts';
import { SyntheticShapeError } from '../../datasets/synthetic/pictureShape.ts';
import { seededRandom } from '../../fidelity/random.ts';
import { networkBuilder, randomWeights } from '../../network/fixtures/networks.ts';
import type { Network } from '../../network/network.ts';
import { relativeError } from '../fixtures/arrays.ts';
import { shippedNetwork } from '../fixtures/shipped.ts';
import { startWasm } from '../fixtures/wasmBackend.ts';
import { CancelledError } from '../job.ts';
import { invert } from './invert.ts';
import { InversionPass } from './inversionPass.ts';
import { INVERSION, InversionRequestError, NothingToInvertError } from './inversionRequest.ts';
import { drawMove, pixelsOf } from './pictureMove.ts';
import { pixelLoss } from './pixelLoss.ts';
import { PixelScale } from './pixelScale.ts';

beforeAll(async () => {
  await startWasm();
});

/** Smooth everywhere; a norm and a concatenation read the input beside the first layer; one norm feeds two layers. */
function smoothNetwork(norms = true): Network {
  const b = networkBuilder(5);
  const normed = (name: string, input: string, channels: number) => (norms ? b.norm(name, input, channels) : input);
  const input = b.input('input', [6, 5, 3]);
  const first = b.activation('first_soft', normed('first_norm', b.conv('first', input, [3, 3], 3, 4), 4), 'softplus');
  const bare = normed('input_norm', input, 3);
  const joined = b.node({ id: 'joined', op: 'concat', inputs: [first, bare, input], attributes: { axis: 2 }, weights: {} });
  const second = b.conv('second', joined, [3, 3], 10, 6, { strides: [2, 2] });
  const left = b.activation('left', normed('left_norm', second, 6), 'silu');
  const right = b.activation('right', normed('right_norm', second, 6), 'tanh');
  const features = b.globalPool('mean', b.add('sum', left, right));
  return b.build('smooth', b.activation('softmax', b.dense('logits', features, 6, 4), 'softmax'));
}

const values = (count: number, seed: number) => Float32Array.from(randomWeights(seed)([count], 1).values);

describe('the gradients', () => {
  it.each([['with norms', true], ['of the class scores alone', false]])('are those of differences at the input, %s', async (_, norms) => {
    const pass = new InversionPass(smoothNetwork(norms));
    const shape = [3, 6, 5, 3];
    const x = values(270, 2);
    const labels = Int32Array.of(0, 3, 1);
    const before = tf.memory().numTensors;
    const found = await pass.run(x, shape, labels);
    expect(found.statistics > 0).toBe(norms);
    const lossAt = async (own: Float32Array) => {
      const { statistics, entropy } = await pass.run(own, shape, labels);
      return INVERSION.statistics * statistics + INVERSION.classes * entropy;
    };
    const step = 2 ** -6;
    // along random directions: of single pixels the differences are lost in float32
    const [slopes, differences]: [number[], number[]] = [[], []];
    for (let k = 0; k < 6; k++) {
      const direction = values(270, 30 + k);
      const ends = [await lossAt(x.map((v, at) => v + step * direction[at])), await lossAt(x.map((v, at) => v - step * direction[at]))];
      differences.push((ends[0] - ends[1]) / (2 * step));
      slopes.push(direction.reduce((sum, d, at) => sum + d * found.gradient[at], 0));
    }
    expect(relativeError(slopes, differences)).toBeLessThan(3e-3);
    expect(tf.memory().numTensors).toBe(before);
    pass.dispose();
  });

  it('of smoothness and size are those of differences', () => {
    const shape = [5, 4, 3] as const;
    const x = values(120, 3);
    const weights = { variation: 0.7, square: 0.3 };
    const loss = (own: Float32Array) => pixelLoss(own, 2, shape, weights, new Float32Array(120));
    const gradient = new Float32Array(120);
    pixelLoss(x, 2, shape, weights, gradient);
    const step = 2 ** -4; // exact: the loss is quadratic
    const differences = x.map((_, at) => {
      const moved = (by: number) => loss(x.map((v, k) => (k === at ? v + by : v)));
      return (moved(step) - moved(-step)) / (2 * step);
    });
    expect(relativeError(gradient, differences)).toBeLessThan(1e-5);
    expect(pixelLoss(new Float32Array(120).fill(2), 2, shape, weights, new Float32Array(120))).toBeCloseTo(0.3 * 4, 6);
  });

  it('pass through every preprocessing as its transpose', () => {
    for (const preprocessing of Object.values(PRESETS)) {
      const scale = new PixelScale({ mean: [120, 110, 100], deviation: [64, 60, 50] }, preprocessing, 3);
      const [x, g] = [values(30, 1), values(30, 2)];
      const zero = scale.fed(new Float32Array(30), false);
      const along = scale.fed(x, false).reduce((sum, v, at) => sum + (v - zero[at]) * g[at], 0);
      expect(scale.back(g).reduce((sum, v, at) => sum + v * x[at], 0) / along).toBeCloseTo(1, 4);
      const pixels = Float32Array.from({ length: 30 }, (_, k) => (k * 37) % 256);
      const moved = pixels.slice();
      scale.standardise(moved);
      expect([...scale.pixels(moved)]).toEqual([...pixels]);
      expect(relativeError(scale.fed(moved, false), scale.fed(pixels, true))).toBeLessThan(1e-5);
    }
  });

  it('find their way back through shifts and mirroring: every pixel is seen once', () => {
    const random = seededRandom(4);
    const moves = Array.from({ length: 40 }, () => drawMove(random, [32, 48, 3]));
    for (const move of moves) expect(new Set(pixelsOf(move, [32, 48, 3])).size).toBe(32 * 48);
    expect(new Set(moves.map(({ down }) => down))).toEqual(new Set([-2, -1, 0, 1, 2]));
    expect(new Set(moves.map(({ mirrored }) => mirrored)).size).toBe(2);
    expect([...pixelsOf({ down: 1, right: 0, mirrored: true }, [2, 3, 1])]).toEqual([5, 4, 3, 2, 1, 0]);
  });
});

describe('invert', () => {
  it('makes pictures that ResNet-20 puts in their classes, at less than half the loss', async () => {
    const network = await shippedNetwork('resnet20-cifar10');
    const made = await invert(network, { count: 10, steps: 16, seed: 1 });
    expect(made.norms).toBe(21);
    expect(made.note).toBeUndefined();
    expect([...(made.labels ?? [])]).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(made.inClass).toBeGreaterThanOrEqual(0.8);
    expect(made.curve).toHaveLength(16);
    expect(made.curve[15].loss).toBeLessThan(made.curve[0].loss / 2);
    expect(made.pixels).toHaveLength(10 * 3072);
  });

  it('makes the same pictures of the same request, others of another seed, and only the classes asked for', async () => {
    const request = { count: 5, batch: 3, steps: 2, seed: 7, classes: [2, 0], preprocessing: PRESETS.imagenet };
    const [once, twice, other] = [await invert(smoothNetwork(), request), await invert(smoothNetwork(), request), await invert(smoothNetwork(), { ...request, seed: 8 })];
    expect(once).toEqual(twice);
    expect(other.pixels).not.toEqual(once.pixels);
    expect([...(once.labels ?? [])]).toEqual([2, 0, 2, 0, 2]);
    expect(once.shape).toEqual([6, 5, 3]);
  });

  it('reports every step of every batch, stops within a step, and leaves no tensor behind', async () => {
    const network = smoothNetwork();
    const before = tf.memory().numTensors;
    const seen: string[] = [];
    await invert(network, { count: 4, batch: 3, steps: 3, seed: 1 }, { onProgress: ({ done, total }) => void seen.push(`${done}/${total}`) });
    expect(seen).toEqual(['1/6', '2/6', '3/6', '4/6', '5/6', '6/6']);
    const controller = new AbortController();
    let steps = 0;
    const cancelled = invert(network, { count: 4, steps: 50, seed: 1 }, {
      signal: controller.signal,
      onProgress: ({ done }) => {
        steps = done;
        if (done === 2) controller.abort();
      },
    });
    await expect(cancelled).rejects.toBeInstanceOf(CancelledError);
    expect(steps).toBe(2);
    expect(tf.memory().numTensors).toBe(before);
  });

  it('does without norms, or without classes, and says so; not without both', async () => {
    const plain = await invert(smoothNetwork(false), { count: 4, steps: 12, seed: 1 });
    expect(plain).toMatchObject({ norms: 0, note: expect.stringContaining('no batch norms') });
    expect(plain.curve[11].entropy).toBeLessThan(plain.curve[0].entropy);
    const b = networkBuilder(2);
    const normed = b.norm('norm', b.conv('conv', b.input('input', [6, 6, 1]), [3, 3], 1, 4), 4);
    const map = await invert(b.build('maps', normed), { count: 3, steps: 12, seed: 1 });
    expect(map).toMatchObject({ norms: 1, note: expect.stringContaining('no class scores'), shape: [6, 6, 1] });
    expect(map.labels).toBeUndefined();
    expect(map.curve[11].statistics).toBeLessThan(map.curve[0].statistics);
    const bare = networkBuilder(2);
    await expect(invert(bare.build('bare', bare.conv('conv', bare.input('input', [6, 6, 3]), [3, 3], 3, 4)), { count: 1, steps: 1, seed: 1 }))
      .rejects.toBeInstanceOf(NothingToInvertError);
  });

  it.each<[string, object, RegExp]>([
    ['no pictures', { count: 0 }, /count 0/],
    ['no steps', { steps: 0 }, /steps 0/],
    ['half a batch', { batch: 0.5 }, /batch 0\.5/],
    ['no class', { classes: [] }, /no class at all/],
    ['a class that there is not', { classes: [1, 4] }, /class 4: the network tells 4 classes apart/],
  ])('refuses %s', async (_, change, message) => {
    const request = invert(smoothNetwork(), { count: 2, steps: 1, seed: 1, ...change });
    await expect(request).rejects.toBeInstanceOf(InversionRequestError);
    await expect(request).rejects.toThrow(message);
  });

  it('refuses networks that take no pictures', async () => {
    const b = networkBuilder(1);
    await expect(invert(b.build('vectors', b.dense('logits', b.input('input', [8]), 8, 3)), { count: 1, seed: 1 })).rejects.toBeInstanceOf(SyntheticShapeError);
  });
});
