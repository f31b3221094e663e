import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { computeLogits } from '../engine/evaluate.ts';
import { relativeError } from '../engine/fixtures/arrays.ts';
import { everyOpNetwork } from '../engine/fixtures/everyOpNetwork.ts';
import { startWasm } from '../engine/fixtures/wasmBackend.ts';
import { CompiledNetwork } from '../engine/interpreter.ts';
import { residualNetwork } from '../network/fixtures/networks.ts';
import { UnknownNodeError } from '../network/network.ts';
import { disposeValues, valuesFor } from './forward.ts';
import { inputFor } from './fixtures/inputs.ts';
import { downstream, frontier, subnetwork } from './subnetwork.ts';

beforeAll(async () => {
  await startWasm();
});

describe('subnetwork', () => {
  it.each([['residual', residualNetwork()], ['everyOp', everyOpNetwork()]] as const)('from any node on, run from what it reads, the %s network gives the same outputs', async (_, network) => {
    const { test } = inputFor(network, undefined, { test: 3 });
    const { values: whole } = await computeLogits(network, test);
    const [output] = network.outputs;
    let parts = 0;
    for (const { id, op } of network.nodes) {
      const changed = downstream(network, [id]);
      if (op === 'input' || !changed.has(output)) continue;
      const known = frontier(network, changed);
      const part = subnetwork(network, known, [output]);
      expect(part.nodes.filter((node) => node.op === 'input').map((node) => node.id)).toEqual(known);
      const before = await valuesFor(network, test, known, {});
      const compiled = new CompiledNetwork(part);
      const { [output]: z } = compiled.run(before[0]);
      expect(relativeError(await z.data(), whole)).toBeLessThan(1e-4);
      compiled.dispose();
      z.dispose();
      disposeValues(before);
      parts++;
    }
    expect(parts).toBeGreaterThan(10);
    expect(tf.memory().numTensors).toBe(0);
  });

  it('has no more than lies between, and names a node that is not there', () => {
    const network = residualNetwork();
    expect(subnetwork(network, ['block1_relu'], ['block2_conv1_norm']).nodes.map(({ id, op }) => [id, op])).toEqual([
      ['block1_relu', 'input'], ['block2_conv1', 'conv2d'], ['block2_conv1_norm', 'batchNorm'],
    ]);
    expect([...downstream(network, ['pool'])]).toEqual(['pool', 'logits']);
    expect(() => subnetwork(network, [], ['nowhere'])).toThrow(UnknownNodeError);
  });
});
