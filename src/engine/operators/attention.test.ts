import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, it } from 'vitest';
import { randomWeights } from '../../network/fixtures/networks.ts';
import type { NodeOf } from '../../network/network.ts';
import { relativeError } from '../fixtures/arrays.ts';
import { startWasm } from '../fixtures/wasmBackend.ts';
import { attentionOperator } from './attention.ts';

// Small cases stand against PyTorch in operators.test.ts; here, sizes at which heads and samples are taken apart.

beforeAll(async () => {
  await startWasm();
});

type Attributes = NodeOf<'attention'>['attributes'];

function node(attributes: Attributes): NodeOf<'attention'> {
  return { id: 'heads', op: 'attention', inputs: ['q', 'k', 'v'], attributes, weights: {} };
}

/** Head by head and token by token, in float64. */
function reference(q: Float32Array, k: Float32Array, v: Float32Array, sizes: { samples: number; tokens: number; heads: number; keyHeads: number }, { headDim, scale, causal }: Attributes): Float64Array {
  const { samples, tokens, heads, keyHeads } = sizes;
  const result = new Float64Array(q.length);
  const at = (sample: number, token: number, head: number, of: number) => ((sample * tokens + token) * of + head) * headDim;
  for (let s = 0; s < samples; s++) for (let h = 0; h < heads; h++) for (let t = 0; t < tokens; t++) {
    const shared = Math.floor((h * keyHeads) / heads);
    const seen = causal ? t + 1 : tokens;
    const scores = Float64Array.from({ length: seen }, (_, u) => {
      let sum = 0;
      for (let d = 0; d < headDim; d++) sum += q[at(s, t, h, heads) + d] * k[at(s, u, shared, keyHeads) + d];
      return Math.exp(scale * sum);
    });
    const total = scores.reduce((sum, score) => sum + score, 0);
    scores.forEach((score, u) => {
      for (let d = 0; d < headDim; d++) result[at(s, t, h, heads) + d] += (score / total) * v[at(s, u, shared, keyHeads) + d];
    });
  }
  return result;
}

/** Random queries, keys and values; the caller disposes the tensors. */
function inputsOf({ samples, tokens, heads, keyHeads }: { samples: number; tokens: number; heads: number; keyHeads: number }, headDim: number) {
  const weight = randomWeights(8);
  return [heads, keyHeads, keyHeads].map((of) => {
    const shape = [samples, tokens, of * headDim];
    const { values } = weight(shape, 2);
    return { values, tensor: tf.tensor(values, shape) };
  });
}

const run = (attributes: Attributes, inputs: readonly tf.Tensor[]): tf.Tensor =>
  tf.tidy(() => attentionOperator(node(attributes), () => tf.scalar(0))(inputs));

it.each(['wasm', 'cpu'])('long sequences, of which wasm takes head by head, are right on %s', async (backend) => {
  await tf.setBackend(backend);
  const sizes = { samples: 2, tokens: 160, heads: 4, keyHeads: 2 };
  const attributes: Attributes = { headDim: 16, scale: 0.4, causal: true };
  const [q, k, v] = inputsOf(sizes, attributes.headDim);
  const before = tf.memory().numTensors;
  const value = run(attributes, [q.tensor, k.tensor, v.tensor]);
  expect(relativeError(await value.data(), reference(q.values, k.values, v.values, sizes, attributes))).toBeLessThan(1e-5);
  value.dispose();
  expect(tf.memory().numTensors).toBe(before);
  tf.dispose([q.tensor, k.tensor, v.tensor]);
});

it('more scores than are held at once come out as those of a part of the samples', async () => {
  await tf.setBackend('wasm');
  const sizes = { samples: 34, tokens: 160, heads: 10, keyHeads: 10 };
  const attributes: Attributes = { headDim: 2, scale: 0.4, causal: false };
  const inputs = inputsOf(sizes, attributes.headDim).map(({ tensor }) => tensor);
  const last = inputs.map((tensor) => tf.slice(tensor, [30, 0, 0], [4, sizes.tokens, 20]));
  const [whole, part] = [run(attributes, inputs), run(attributes, last)];
  const size = part.size;
  expect(relativeError((await whole.data()).slice(-size), await part.data())).toBeLessThan(1e-6);
  tf.dispose([...inputs, ...last, whole, part]);
});
