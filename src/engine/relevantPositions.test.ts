import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, it } from 'vitest';
import { isConsumer } from '../network/network.ts';
import { relevantPositions } from '../network/relevantPositions.ts';
import { inferShapes } from '../network/shapes.ts';
import { readBatch } from './batches.ts';
import { inputOf, networkOf, TRANSFORMERS as oracle } from './fixtures/transformers.ts';
import { startWasm } from './fixtures/wasmBackend.ts';
import { CompiledNetwork } from './interpreter.ts';

beforeAll(startWasm);

/** Output with the value that a layer reads changed at these tokens. */
async function outputWith(network: ReturnType<typeof networkOf>, input: Awaited<ReturnType<typeof inputOf>>, layer: string, changed: readonly number[]): Promise<Float32Array> {
  const compiled = new CompiledNetwork(network);
  const x = await readBatch(input, 0, 1);
  const { [network.outputs[0]]: y } = compiled.run(x, undefined, (id, value) => {
    if (id !== layer) return value;
    const moved = Float32Array.from({ length: value.shape[1] ?? 0 }, (_, token) => (changed.includes(token) ? 0.7 : 0));
    return tf.add(value, tf.mul(tf.tensor(moved, [1, moved.length, 1]), tf.sin(tf.range(0, value.shape[2] ?? 0, 1, 'float32'))));
  });
  const found = (await y.data()) as Float32Array;
  tf.dispose([x, y]);
  compiled.dispose();
  return found;
}

it('of a network whose classifier reads the class token are in the last block that token alone; its output does not depend on others, and does on it', async () => {
  const network = networkOf(oracle.vit);
  const relevant = relevantPositions(network);
  const shapes = inferShapes(network);
  const partly = network.nodes.filter((node) => isConsumer(node) && relevant.has(node.id));
  // the queries, what mixes the heads, and both layers of the MLP; keys and values are read of every token
  expect(partly).toHaveLength(4);
  const input = inputOf(oracle.vit, network);
  const intact = await outputWith(network, input, '', []);
  for (const { id } of partly) {
    const positions = relevant.get(id) ?? [];
    expect(positions, id).toEqual([0]);
    const others = Array.from({ length: shapes.get(id)?.[0] ?? 0 }, (_, token) => token).filter((token) => !positions.includes(token));
    expect(await outputWith(network, input, id, others), id).toEqual(intact);
    expect(await outputWith(network, input, id, positions), id).not.toEqual(intact);
  }
  const before = network.nodes.filter((node) => isConsumer(node) && shapes.get(node.id)?.length === 2 && !relevant.has(node.id));
  for (const { id } of before) expect(await outputWith(network, input, id, [1]), id).not.toEqual(intact);
});

it.each([['gpt2', oracle.gpt2], ['llama', oracle.llama], ['swin', oracle.swin]] as const)('of %s, whose output holds or means all tokens, are all', (_, one) => {
  expect(relevantPositions(networkOf(one)).size).toBe(0);
});
