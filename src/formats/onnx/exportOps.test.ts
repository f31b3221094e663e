import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, it } from 'vitest';
import oracle from '../../engine/fixtures/ops.json' with { type: 'json' };
import type { Network, Node } from '../../network/network.ts';
import { expectOutputs } from './fixtures/agreement.ts';
import type { Batch } from './fixtures/runNetwork.ts';

// Expected values: zoo/oracles/ops.py, by PyTorch in float64.

beforeAll(async () => {
  await tf.setBackend('cpu');
});

interface OracleCase {
  readonly name: string;
  readonly op: string;
  readonly attributes: object;
  readonly weights: Record<string, { shape: number[]; values: number[] }>;
  readonly inputs: Batch[];
  readonly output: Batch;
}
const cases = oracle.cases as unknown as OracleCase[];

/** A network of one node; inputs that a network cannot have come out of one long vector. */
function networkOf({ op, attributes, weights, inputs }: OracleCase): { readonly network: Network; readonly input: Batch } {
  const held = Object.entries(weights).map(([name, { shape, values }]) => [name, { shape, values: Float32Array.from(values) }]);
  const node = (ids: readonly string[]): Node =>
    ({ id: 'node', op, attributes, weights: Object.fromEntries(held) as object, inputs: ids }) as unknown as Node;
  const [{ shape: [images, ...shape] }] = inputs;
  if (inputs.length === 1 && (shape.length === 1 || shape.length === 3)) {
    const input: Node = { id: 'input', op: 'input', inputs: [], attributes: { shape }, weights: {} };
    return { network: { name: op, nodes: [input, node(['input'])], outputs: ['node'] }, input: inputs[0] };
  }
  const samples = inputs.map((each) => each.shape.slice(1));
  const sizes = samples.map((sample) => sample.reduce((product, size) => product * size, 1));
  const total = sizes.reduce((sum, size) => sum + size, 0);
  const starts = sizes.map((_, k) => sizes.slice(0, k).reduce((sum, size) => sum + size, 0));
  const nodes: Node[] = [
    { id: 'input', op: 'input', inputs: [], attributes: { shape: [total] }, weights: {} },
    ...samples.flatMap((sample, k): Node[] => [
      { id: `part${k}`, op: 'slice', inputs: ['input'], attributes: { axis: 0, start: starts[k], size: sizes[k] }, weights: {} },
      { id: `input${k}`, op: 'reshape', inputs: [`part${k}`], attributes: { shape: sample }, weights: {} },
    ]),
    node(samples.map((_, k) => `input${k}`)),
  ];
  const values = Array.from({ length: images }, (_, image) =>
    inputs.flatMap((each, k) => Array.from(each.values).slice(image * sizes[k], (image + 1) * sizes[k])),
  ).flat();
  return { network: { name: op, nodes, outputs: ['node'] }, input: { shape: [images, total], values } };
}

describe('every op, exported', () => {
  it.each(cases.map((one) => [`${one.op} ${one.name}`, one] as const))('%s: onnxruntime computes what PyTorch does', async (_, one) => {
    const { network, input } = networkOf(one);
    if (one.op !== 'permute') {
      await expectOutputs(network, input, [one.output]);
      return;
    }
    // flattened, since a file has no other layout for three axes than that of a picture
    const row: Node = { id: 'row', op: 'flatten', inputs: ['node'], attributes: {}, weights: {} };
    const [images, ...shape] = one.output.shape;
    const expected = { shape: [images, shape.reduce((product, size) => product * size, 1)], values: one.output.values };
    await expectOutputs({ ...network, nodes: [...network.nodes, row], outputs: ['row'] }, input, [expected]);
  });
});
