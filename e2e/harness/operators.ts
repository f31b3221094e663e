import '@tensorflow/tfjs-backend-webgpu';
import * as tf from '@tensorflow/tfjs-core';
import type { Node } from '../../src/network/network.ts';
import { operatorOf } from '../../src/engine/operators.ts';

interface OracleArray {
  readonly shape: number[];
  readonly values: number[];
}
interface OracleCase {
  readonly name: string;
  readonly op: string;
  readonly attributes: object;
  readonly weights: Record<string, OracleArray>;
  readonly inputs: OracleArray[];
  readonly output: OracleArray;
}

/** Runs every case on WebGPU; per case the greatest error relative to the greatest expected value, or what went wrong. */
async function run(cases: readonly OracleCase[]): Promise<{ name: string; error: number | string }[]> {
  await tf.setBackend('webgpu');
  await tf.ready();
  const results: { name: string; error: number | string }[] = [];
  for (const one of cases) results.push({ name: `${one.op} ${one.name}`, error: await errorOf(one) });
  return results;
}

async function errorOf({ op, attributes, weights, inputs, output }: OracleCase): Promise<number | string> {
  const uploaded: tf.Tensor[] = [];
  try {
    const arrays = Object.entries(weights).map(([name, { shape, values }]) => [name, { shape, values: Float32Array.from(values) }]);
    const node = { id: 'node', op, attributes, weights: Object.fromEntries(arrays) as object, inputs: inputs.map((_, k) => `input${k}`) };
    const operator = operatorOf(node as unknown as Exclude<Node, { op: 'input' }>, ({ shape, values }) => {
      uploaded.push(tf.tensor(values, [...shape]));
      return uploaded[uploaded.length - 1];
    });
    const tensors = inputs.map(({ shape, values }) => tf.tensor(values, shape, 'float32'));
    uploaded.push(...tensors);
    const value = tf.tidy(() => operator(tensors));
    uploaded.push(value);
    if (value.shape.join() !== output.shape.join()) return `shape [${value.shape.join()}]`;
    const actual = await value.data();
    const greatest = Math.max(...output.values.map(Math.abs));
    return Math.max(...output.values.map((expected, k) => Math.abs(actual[k] - expected) / greatest));
  } catch (error) {
    return String(error);
  } finally {
    tf.dispose(uploaded);
  }
}

Object.assign(globalThis, { runOperators: run, backendName: () => tf.getBackend() });
