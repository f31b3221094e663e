import { expect, it } from 'vitest';
import type { ConsumerNode, Weight } from '../../network/network.ts';
import { filterNorms } from './filterNorms.ts';
import { summedDistances } from './fpgm.ts';
import { eachKernelValue, inputCount, outputCount } from './kernelValues.ts';

const kernel = (...shape: number[]): Weight => ({
  shape,
  values: Float32Array.from({ length: shape.reduce((product, size) => product * size, 1) }, (_, at) => at + 1),
});

/** Two inputs and two outputs a group, 1 × 2 offsets. */
const grouped: ConsumerNode = {
  id: 'grouped', op: 'conv2d', inputs: ['x'], attributes: { strides: [1, 1], padding: 'same', dilations: [1, 1], groups: 2 },
  weights: { kernel: kernel(1, 2, 2, 4) },
};

/** Three outputs from two inputs, 2 × 1 offsets. */
const transposed: ConsumerNode = {
  id: 'transposed', op: 'transposedConv2d', inputs: ['x'], attributes: { strides: [2, 2], cropping: [[0, 0], [0, 0]] },
  weights: { kernel: kernel(2, 1, 3, 2) },
};

const dense: ConsumerNode = { id: 'dense', op: 'dense', inputs: ['x'], attributes: {}, weights: { kernel: kernel(3, 2) } };

function visits(node: ConsumerNode): string[] {
  const seen: string[] = [];
  eachKernelValue(node, (weight, input, output) => seen.push(`${weight}: ${input} → ${output}`));
  return seen;
}

it('says of every weight what it reads and what it feeds', () => {
  expect(visits(grouped)).toEqual([
    '1: 0 → 0', '2: 0 → 1', '3: 2 → 2', '4: 2 → 3', '5: 1 → 0', '6: 1 → 1', '7: 3 → 2', '8: 3 → 3',
    '9: 0 → 0', '10: 0 → 1', '11: 2 → 2', '12: 2 → 3', '13: 1 → 0', '14: 1 → 1', '15: 3 → 2', '16: 3 → 3',
  ]);
  expect(visits(transposed)).toEqual([
    '1: 0 → 0', '2: 1 → 0', '3: 0 → 1', '4: 1 → 1', '5: 0 → 2', '6: 1 → 2',
    '7: 0 → 0', '8: 1 → 0', '9: 0 → 1', '10: 1 → 1', '11: 0 → 2', '12: 1 → 2',
  ]);
  expect(visits(dense)).toEqual(['1: 0 → 0', '2: 0 → 1', '3: 1 → 0', '4: 1 → 1', '5: 2 → 0', '6: 2 → 1']);
  expect([grouped, transposed, dense].map((node) => [inputCount(node), outputCount(node)])).toEqual([[4, 4], [2, 3], [3, 2]]);
});

it('norms and distances are those of whole filters, distances within a group of a grouped convolution alone', () => {
  expect([...filterNorms(grouped, 'l1')]).toEqual([28, 32, 36, 40]);
  expect([...filterNorms(transposed, 'l1')]).toEqual([18, 26, 34]);
  expect([...filterNorms(dense, 'l2')]).toEqual([Math.sqrt(35), Math.sqrt(56)]);
  // neighbouring filters differ by 1 in each of four weights; those of the other group do not count
  expect([...summedDistances(grouped)]).toEqual([2, 2, 2, 2]);
  expect([...summedDistances(transposed)]).toEqual([4 + 8, 4 + 4, 8 + 4]);
});
