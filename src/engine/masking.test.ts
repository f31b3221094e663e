import { beforeAll, describe, expect, it } from 'vitest';
import { coupling, couplingGroups, keptFeatures } from '../network/coupling.ts';
import { plainNetwork, residualNetwork } from '../network/fixtures/networks.ts';
import { isConsumer, kernelAxes, type Network, type Node } from '../network/network.ts';
import { inferShapes } from '../network/shapes.ts';
import { prune } from '../network/surgery.ts';
import { prunableGroups } from '../pruning/keepSets.ts';
import { randomGroupScores } from '../pruning/criteria/random.ts';
import { computeLogits } from './evaluate.ts';
import { randomSource, relativeError } from './fixtures/arrays.ts';
import { mixedNetwork } from './fixtures/mixedNetwork.ts';
import { shippedNetwork, testImages } from './fixtures/shipped.ts';
import { startWasm } from './fixtures/wasmBackend.ts';
import type { ImageSource } from './imageSource.ts';

beforeAll(async () => {
  await startWasm();
});

/** The network at its full size, with zeros in every consumer where it reads a channel that is not kept. */
function masked(network: Network, keep: Readonly<Record<string, readonly number[]>>): Network {
  const { features } = coupling(network);
  const mask = (node: Node): Node => {
    const input = features.get(node.inputs[0] ?? '');
    const kept = isConsumer(node) && input && keptFeatures(input, keep);
    if (!kept || !isConsumer(node)) return node;
    const { kernel } = node.weights;
    const axis = kernelAxes(node).in;
    const inner = kernel.shape.slice(axis + 1).reduce((product, size) => product * size, 1);
    const stays = new Set(kept);
    const values = kernel.values.map((value, k) => (stays.has(Math.floor(k / inner) % kernel.shape[axis]) ? value : 0));
    return { ...node, weights: { ...node.weights, kernel: { ...kernel, values } } } as Node;
  };
  return { ...network, nodes: network.nodes.map(mask) };
}

function randomKeep(network: Network, share: number, seed: number): Record<string, number[]> {
  const groups = prunableGroups(couplingGroups(network));
  const scores = randomGroupScores(groups, seed);
  return Object.fromEntries(groups.map(({ name, channels }) => {
    const kept = [...(scores.get(name) ?? [])].flatMap((score, i) => (score < share ? [i] : []));
    return [name, kept.length > 0 ? kept : [channels - 1]];
  }));
}

describe('a physically pruned network', () => {
  it.each([
    ['resnet20-cifar10', () => shippedNetwork('resnet20-cifar10'), () => testImages(40, 16)],
    ['vgg-cifar10', () => shippedNetwork('vgg-cifar10'), () => testImages(40, 8)],
    ['mobilenetv2-cifar10', () => shippedNetwork('mobilenetv2-cifar10'), () => testImages(40, 8)],
    ['mixed', async () => mixedNetwork(), async (network: Network) => randomFor(network)],
    ['residual', async () => residualNetwork(), async (network: Network) => randomFor(network)],
    ['plain', async () => plainNetwork(4), async (network: Network) => randomFor(network)],
  ] as const)('computes what the masked one computes: %s', async (_, open, pictures) => {
    const network = await open();
    const images = await pictures(network);
    const intact = (await computeLogits(network, images)).values;
    for (const [share, seed] of [[0.5, 1], [0.8, 2]]) {
      const keep = randomKeep(network, share, seed);
      const pruned = (await computeLogits(prune(network, { keep, weights: {} }), images)).values;
      const expected = (await computeLogits(masked(network, keep), images)).values;
      expect(relativeError(pruned, expected)).toBeLessThan(1e-5);
      expect(relativeError(pruned, intact), 'the cut shows').toBeGreaterThan(1e-3);
    }
  });
});

function randomFor(network: Network): ImageSource {
  return randomSource(16, inferShapes(network).get(network.nodes[0].id) ?? []);
}
