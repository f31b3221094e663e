import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Node } from '../network/network.ts';
import { relativeError } from './fixtures/arrays.ts';
import oracle from './fixtures/ops.json' with { type: 'json' };
import transformers from './fixtures/transformerOps.json' with { type: 'json' };
import { startWasm } from './fixtures/wasmBackend.ts';
import { operatorOf } from './operators.ts';
import { UnsupportedNodeError } from './operators/operator.ts';

// Expected values: zoo/oracles/ops.py and zoo/oracles/transformers.py, by PyTorch in float64.

const TOLERANCE = 1e-4;

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
const cases = [...oracle.cases, ...transformers.cases] as unknown as OracleCase[];
type RunNode = Exclude<Node, { op: 'input' }>;

const tensorOf = ({ shape, values }: OracleArray): tf.Tensor => tf.tensor(values, shape, 'float32');

/** JSON has plain arrays where a node has Float32Arrays. */
function nodeOf({ op, attributes, weights, inputs }: OracleCase): RunNode {
  const arrays = Object.entries(weights).map(([name, { shape, values }]) => [name, { shape, values: Float32Array.from(values) }]);
  const ids = inputs.map((_, k) => `input${k}`);
  return { id: 'node', op, attributes, weights: Object.fromEntries(arrays) as object, inputs: ids } as unknown as RunNode;
}

beforeAll(async () => {
  await startWasm();
});

describe.each(['cpu', 'wasm'])('on the %s backend', (backend) => {
  beforeAll(async () => {
    await tf.setBackend(backend);
  });

  it.each(cases.map((one) => [`${one.op} ${one.name}`, one] as const))('%s is what PyTorch computes', async (_, one) => {
    const before = tf.memory().numTensors;
    const uploaded: tf.Tensor[] = [];
    const operator = operatorOf(nodeOf(one), ({ shape, values }) => {
      uploaded.push(tf.tensor(values, [...shape]));
      return uploaded[uploaded.length - 1];
    });
    const inputs = one.inputs.map(tensorOf);
    for (const run of ['first', 'second']) { // backends keep what they prepared for the weights
      const value = tf.tidy(() => operator(inputs));
      expect(value.shape, run).toEqual(one.output.shape);
      expect(relativeError(await value.data(), one.output.values), run).toBeLessThan(TOLERANCE);
      value.dispose();
    }
    tf.dispose([...inputs, ...uploaded]);
    expect(tf.memory().numTensors).toBe(before);
  });

  it.each([['below zero', -40], ['above zero', 40]])('every activation stays finite far %s', async (_, far) => {
    const names = cases.filter(({ op }) => op === 'activation').map(nodeOf);
    for (const node of names) {
      const value = tf.tidy(() => operatorOf(node, never)([tf.tensor2d([[far, far / 2], [far * 2, far]])]));
      expect([...(await value.data())].every(Number.isFinite), JSON.stringify(node.attributes)).toBe(true);
      value.dispose();
    }
  });
});

it('every op of a network has cases', () => {
  const ops: Record<RunNode['op'], true> = {
    activation: true, add: true, attention: true, averagePool2d: true, batchNorm: true, concat: true, conv2d: true,
    crop2d: true, dense: true, depthwiseConv2d: true, dropout: true, embedding: true, flatten: true,
    globalAveragePool2d: true, globalMaxPool2d: true, groupNorm: true, layerNorm: true, maxPool2d: true, multiply: true,
    patchMerging: true, permute: true, positions: true, prelu: true, prependTokens: true, rescaling: true, reshape: true,
    resize2d: true, rmsNorm: true, rotary: true, slice: true, subtract: true, transposedConv2d: true, unembedding: true,
    zeroPad2d: true,
  };
  expect(new Set(cases.map(({ op }) => op))).toEqual(new Set(Object.keys(ops)));
});

function never(): never {
  throw new Error('has no weights');
}

describe('a node that the backends cannot run is refused by name:', () => {
  const attributes = { poolSize: [2, 2], strides: [1, 1] } as const;

  it.each([
    ['padding as wide as the window', [[0, 0], [2, 0]]],
    ['padding behind that takes a window of its own', [[0, 2], [0, 0]]],
  ] as const)('a pool with %s', (_, padding) => {
    for (const op of ['maxPool2d', 'averagePool2d'] as const) {
      const operator = operatorOf({ id: 'wide', op, inputs: ['x'], attributes: { ...attributes, padding }, weights: {} }, never);
      const pooled = (): tf.Tensor => tf.tidy(() => operator([tf.ones([1, 3, 3, 1])]));
      expect(pooled).toThrow(UnsupportedNodeError);
      expect(pooled).toThrow(/Layer "wide" .*padding alone/);
    }
  });

  it('a permutation or reshape of more axes than they know', () => {
    const order = [5, 4, 3, 2, 1, 0];
    const permute = { id: 'turn', op: 'permute', inputs: ['x'], attributes: { order }, weights: {} } as const;
    const reshape = { id: 'split', op: 'reshape', inputs: ['x'], attributes: { shape: order }, weights: {} } as const;
    expect(() => operatorOf(permute, never)).toThrow(/Layer "turn" \(permute\).*6 axes/);
    expect(() => operatorOf(reshape, never)).toThrow(UnsupportedNodeError);
  });
});
