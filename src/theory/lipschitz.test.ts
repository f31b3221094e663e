import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { arraySource } from '../engine/fixtures/arrays.ts';
import { startWasm } from '../engine/fixtures/wasmBackend.ts';
import type { Network, Node, Weight } from '../network/network.ts';
import { residualNetwork } from '../network/fixtures/networks.ts';
import { inputFor } from './fixtures/inputs.ts';
import { lipschitz } from './lipschitz.ts';

beforeAll(async () => {
  await startWasm();
});

const vector = (...values: number[]): Weight => ({ shape: [values.length], values: Float32Array.from(values) });

/** Pictures of 2 × 2 × channels through one norm. */
function normed(channels: number, norm: Node): Network {
  return { name: norm.op, nodes: [{ id: 'input', op: 'input', inputs: [], attributes: { shape: [2, 2, channels] }, weights: {} }, norm], outputs: [norm.id] };
}

/** How far the first 16 values are from the next. */
function apart(values: ArrayLike<number>): number {
  return Math.sqrt(Array.from({ length: 16 }, (_, k) => (values[k] - values[k + 16]) ** 2).reduce((sum, square) => sum + square, 0));
}

describe('lipschitz', () => {
  it('a batch norm that scales all channels alike has that scale at every pair, and as its bound', async () => {
    const weights = { gamma: vector(3, -6), beta: vector(1, 2), mean: vector(0.5, -1), variance: vector(4 - 1e-3, 16 - 1e-3) };
    const network = normed(2, { id: 'norm', op: 'batchNorm', inputs: ['input'], attributes: { epsilon: 1e-3 }, weights });
    const { pairs, norms: [norm] } = await lipschitz(inputFor(network, undefined));
    expect(pairs).toBeGreaterThan(100);
    expect(norm.node).toBe('norm');
    for (const value of [norm.greatest, norm.median, norm.bound]) expect(value).toBeCloseTo(1.5, 5);
    expect(norm.leastDeviation).toBeCloseTo(2, 6);
  });

  it('a batch norm reaches its bound where only its steepest channel varies', async () => {
    const weights = { gamma: vector(1, 5), mean: vector(0, 0), variance: vector(1, 0.25) };
    const network = normed(2, { id: 'norm', op: 'batchNorm', inputs: ['input'], attributes: { epsilon: 0 }, weights });
    const input = inputFor(network, undefined);
    const steep = { ...input, calibration: { ...input.calibration, read: async (first: number, count: number) => (await input.calibration.read(first, count)).map((x, k) => (k % 2 === 1 ? x : 1)) } };
    const { norms: [norm] } = await lipschitz(steep);
    expect(norm.bound).toBeCloseTo(10, 6);
    expect(norm.greatest).toBeCloseTo(10, 4);
    const { norms: [mixed] } = await lipschitz(input);
    expect(mixed.greatest).toBeLessThan(10);
    expect(mixed.greatest).toBeGreaterThan(mixed.median);
  });

  it('a root mean square norm of two vectors has the ratio and the least deviation that come by hand', async () => {
    const node: Node = { id: 'norm', op: 'rmsNorm', inputs: ['input'], attributes: { epsilon: 1 }, weights: { gamma: vector(2, -3) } };
    const network: Network = { name: 'rms', nodes: [{ id: 'input', op: 'input', inputs: [], attributes: { shape: [2] }, weights: {} }, node], outputs: ['norm'] };
    // mean squares of 3 and 8, and 1 each for epsilon
    const calibration = arraySource(Float32Array.of(Math.sqrt(6), 0, 0, 4), [2]);
    const { norms: [norm] } = await lipschitz({ ...inputFor(network, undefined), calibration });
    expect(norm.leastDeviation).toBeCloseTo(2, 5);
    expect(norm.bound).toBeCloseTo(3 / 2, 5);
    // √6 · 2 / 2 and 4 · 3 / 3, at right angles
    expect(norm.greatest).toBeCloseTo(Math.sqrt((6 + 16) / (6 + 16)), 5);
  });

  it.each([
    { id: 'norm', op: 'layerNorm', inputs: ['input'], attributes: { epsilon: 1e-3 }, weights: { gamma: vector(1, -2, 0.5, 1) } } as const,
    { id: 'norm', op: 'groupNorm', inputs: ['input'], attributes: { epsilon: 1e-3, groups: 2 }, weights: { gamma: vector(1, -2, 0.5, 1) } } as const,
  ])('a $op of two pictures has the ratio and the least deviation that come by hand', async (node) => {
    const pixels = Float32Array.from({ length: 32 }, (_, k) => Math.sin(3 * k) * (1 + (k % 5)));
    const network = normed(4, node);
    const { norms: [norm] } = await lipschitz({ ...inputFor(network, undefined), calibration: arraySource(pixels, [2, 2, 4]) });
    // the indices that are standardised together: of one pixel, or of two channels of one picture
    const together = Array.from({ length: 2 }, (_, image) => node.op === 'layerNorm'
      ? [0, 1, 2, 3].map((pixel) => [0, 1, 2, 3].map((c) => image * 16 + pixel * 4 + c))
      : [0, 1].map((half) => [0, 1, 2, 3].flatMap((pixel) => [0, 1].map((c) => image * 16 + pixel * 4 + half * 2 + c)))).flat();
    const made = new Float64Array(32);
    const deviations = together.map((indices) => {
      const mean = indices.reduce((sum, k) => sum + pixels[k], 0) / indices.length;
      const deviation = Math.sqrt(indices.reduce((sum, k) => sum + (pixels[k] - mean) ** 2, 0) / indices.length + 1e-3);
      for (const k of indices) made[k] = (node.weights.gamma.values[k % 4] * (pixels[k] - mean)) / deviation;
      return deviation;
    });
    expect(norm.greatest).toBeCloseTo(apart(made) / apart(pixels), 4);
    expect(norm.median).toBeCloseTo(norm.greatest, 6);
    expect(norm.leastDeviation).toBeCloseTo(Math.min(...deviations), 4);
    expect(norm.bound).toBeCloseTo(2 / Math.min(...deviations), 3);
    expect(norm.greatest).toBeLessThanOrEqual(norm.bound);
  });

  it('has every norm of a network in execution order, each within its bound, the same for the same seed', async () => {
    const input = inputFor(residualNetwork(), undefined, { images: 40 });
    const { numTensors } = tf.memory();
    const result = await lipschitz(input);
    expect(tf.memory().numTensors).toBe(numTensors);
    expect(result.norms.map(({ node }) => node)).toEqual(input.network.nodes.filter(({ op }) => op === 'batchNorm').map(({ id }) => id));
    for (const { greatest, median, bound } of result.norms) {
      expect(greatest).toBeLessThanOrEqual(bound * (1 + 1e-5));
      expect(median).toBeLessThanOrEqual(greatest);
      expect(median).toBeGreaterThan(0);
    }
    expect(await lipschitz(input)).toEqual(result);
  });
});
