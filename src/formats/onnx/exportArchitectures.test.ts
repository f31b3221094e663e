import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { startWasm } from '../../engine/fixtures/wasmBackend.ts';
import { PUBLISHED } from '../../network/fixtures/architectures/published.ts';
import { networkCosts } from '../../network/costs.ts';
import { expectOutputs, randomInput } from './fixtures/agreement.ts';
import { runInLab } from './fixtures/runNetwork.ts';

// Published structures at small widths, with random weights.

beforeAll(async () => {
  await startWasm();
  await tf.setBackend('wasm');
});

describe('published structures, exported', () => {
  it.each(PUBLISHED.map((one) => [one.name, one] as const))('%s gives the lab’s outputs in onnxruntime and costs the same when read back', async (_, { build, narrow }) => {
    const network = build(narrow);
    const input = randomInput(network, 1);
    const again = await expectOutputs(network, input, await runInLab(network, input));
    expect(networkCosts(again).macs).toBe(networkCosts(network).macs);
    expect(networkCosts(again).parameters).toBe(networkCosts(network).parameters);
    expect(again.nodes.length).toBe(network.nodes.length);
  });
});
