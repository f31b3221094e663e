import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { seededRandom } from '../fidelity/random.ts';
import { coupling, keptFeatures } from '../network/coupling.ts';
import type { CouplingGroup } from '../network/couplingGroup.ts';
import { PUBLISHED } from '../network/fixtures/architectures/published.ts';
import { PUBLISHED_TRANSFORMERS } from '../network/fixtures/architectures/publishedTransformers.ts';
import { randomWeights } from '../network/fixtures/networks.ts';
import { isConsumer, kernelAxes, type ConsumerNode, type Network, type Node } from '../network/network.ts';
import { inferShapes, validateNetwork } from '../network/shapes.ts';
import { prune } from '../network/surgery.ts';
import { relativeError } from './fixtures/arrays.ts';
import { startWasm } from './fixtures/wasmBackend.ts';
import { CompiledNetwork } from './interpreter.ts';

beforeAll(async () => {
  await startWasm();
});

type Keep = Readonly<Record<string, readonly number[]>>;

describe('the published structures, narrow, with random weights', () => {
  it.each([...PUBLISHED, ...PUBLISHED_TRANSFORMERS])('$name, cut in every prunable group, computes what the masked one computes', async ({ build, narrow }) => {
    const network = build({ ...narrow, seed: 7 });
    const intact = await outputsOf(network);
    for (const value of intact) expect(value.every(Number.isFinite)).toBe(true);
    for (const [share, seed] of [[0.5, 1], [0.8, 2]]) {
      const keep = randomKeep(network, share, seed);
      const smaller = prune(network, { keep, weights: {} });
      validateNetwork(smaller);
      for (const [name, width] of widths(smaller)) expect(width, name).toBe(keep[name].length);
      const [pruned, expected] = [await outputsOf(smaller), await outputsOf(masked(network, keep))];
      for (const [k, id] of network.outputs.entries()) {
        expect(relativeError(pruned[k], expected[k]), id).toBeLessThan(1e-4);
        expect(relativeError(pruned[k], intact[k]), `${id}: the cut shows`).toBeGreaterThan(1e-2);
      }
      // as many channels of every group, but others
      const mistaken = await outputsOf(masked(network, shifted(keep, network)));
      for (const [k, id] of network.outputs.entries()) {
        expect(relativeError(pruned[k], mistaken[k]), `${id}: which channels are cut shows`).toBeGreaterThan(1e-2);
      }
    }
  });
});

/** Values of all outputs on two random pictures or texts. */
async function outputsOf(network: Network): Promise<Float32Array[]> {
  const [input] = network.nodes;
  const shape = [2, ...(inferShapes(network).get(input.id) ?? [])];
  const vocabulary = input.op === 'input' ? input.attributes.vocabulary : undefined;
  const compiled = new CompiledNetwork(network);
  const random = randomWeights(3)(shape, 1).values;
  const x = tf.tensor(vocabulary ? random.map((value) => Math.floor(((value + 1) / 2) * vocabulary)) : random, shape);
  const values = compiled.run(x);
  const read = await Promise.all(network.outputs.map(async (id) => (await values[id].data()) as Float32Array));
  tf.dispose([x, values]);
  compiled.dispose();
  return read;
}

/** Name and components of every group that may be cut. */
function widths(network: Network): (readonly [string, number])[] {
  return prunable(network).map(({ name, channels }) => [name, channels] as const);
}

function prunable(network: Network): CouplingGroup[] {
  return coupling(network).groups.filter((group) => group.frozen === undefined);
}

/** About `share` of the components of every prunable group, at least one of it and of each of its parts, never all. */
function randomKeep(network: Network, share: number, seed: number): Keep {
  const random = seededRandom(seed);
  return Object.fromEntries(prunable(network).map(({ name, channels, parts = [] }) => {
    const all = Array.from({ length: channels }, (_, i) => i);
    const kept = new Set(all.filter(() => random() < share));
    if (kept.size === channels) kept.delete(Math.floor(random() * channels));
    for (const part of [all, ...parts]) {
      if (!part.some((i) => kept.has(i))) kept.add(part[Math.floor(random() * part.length)]);
    }
    return [name, [...kept].sort((a, b) => a - b)];
  }));
}

function shifted(keep: Keep, network: Network): Keep {
  return Object.fromEntries(widths(network).map(([name, count]) => [name, keep[name].map((i) => (i + 1) % count)]));
}

/** The network at its full size, with zeros in every kernel where it reads a feature that is not kept. */
function masked(network: Network, keep: Keep): Network {
  const { features } = coupling(network);
  return { ...network, nodes: network.nodes.map((node): Node => {
    const read = features.get(node.inputs[0] ?? '');
    const kept = read && keptFeatures(read, keep);
    return kept && isConsumer(node) ? withoutInputs(node, new Set(kept)) : node;
  }) };
}

function withoutInputs(node: ConsumerNode, kept: ReadonlySet<number>): Node {
  const { shape, values } = node.weights.kernel;
  const axes = kernelAxes(node);
  const groups = node.op === 'conv2d' ? node.attributes.groups : 1;
  const indexAlong = (k: number, axis: number): number =>
    Math.floor(k / shape.slice(axis + 1).reduce((product, size) => product * size, 1)) % shape[axis];
  const zeroed = values.map((value, k) => {
    // outputs of group g read the g-th run of inputs
    const group = Math.floor((indexAlong(k, axes.out) * groups) / shape[axes.out]);
    return kept.has(group * shape[axes.in] + indexAlong(k, axes.in)) ? value : 0;
  });
  return { ...node, weights: { ...node.weights, kernel: { shape, values: zeroed } } } as Node;
}
