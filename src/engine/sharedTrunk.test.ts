import { beforeAll, describe, expect, it } from 'vitest';
import { residualNetwork } from '../network/fixtures/networks.ts';
import type { Network } from '../network/network.ts';
import { computeLogits } from './evaluate.ts';
import { randomSource, relativeError } from './fixtures/arrays.ts';
import { startWasm } from './fixtures/wasmBackend.ts';
import { SharedTrunk } from './sharedTrunk.ts';

beforeAll(async () => {
  await startWasm();
});

const network = residualNetwork(3);

/** The network with the kernel of one node halved; all other nodes are its own. */
function halved(id: string): Network {
  return {
    ...network,
    nodes: network.nodes.map((node) => {
      if (node.id !== id || (node.op !== 'conv2d' && node.op !== 'dense')) return node;
      const { kernel } = node.weights;
      return { ...node, weights: { ...node.weights, kernel: { ...kernel, values: kernel.values.map((w) => w / 2) } } } as typeof node;
    }),
  };
}

describe('SharedTrunk', () => {
  it('gives what the whole network gives, wherever the edit begins', async () => {
    const images = randomSource(40, [8, 8, 3]);
    const trunk = new SharedTrunk(network, images);
    for (const edited of [network, ...network.nodes.filter(({ op }) => op === 'conv2d' || op === 'dense').map(({ id }) => halved(id))]) {
      const [pool, scores] = await trunk.values(edited, ['pool', 'logits']);
      expect(relativeError(scores.values, (await computeLogits(edited, images)).values)).toBeLessThan(1e-5);
      expect(relativeError(pool.values, (await computeLogits({ ...edited, outputs: ['pool'] }, images)).values)).toBeLessThan(1e-5);
    }
  });

  it('reads the pictures once for edits that begin at the same place', async () => {
    let read = 0;
    const images = randomSource(40, [8, 8, 3]);
    const counted = { ...images, read: async (first: number, count: number) => ((read += count), images.read(first, count)) };
    const trunk = new SharedTrunk(network, counted);
    for (let k = 0; k < 3; k++) await trunk.values(halved('logits'), ['logits']);
    expect(read).toBe(40);
    await trunk.values(halved('stem'), ['logits']);
    expect(read).toBe(80);
  });
});
