import { expect, it } from 'vitest';
import { coupling } from '../network/coupling.ts';
import { networkBuilder, randomWeights, residualNetwork } from '../network/fixtures/networks.ts';
import { channelFilters, excitingFeature } from './channelView.ts';
import { changedPredictions, varied } from './changedPredictions.ts';
import { coupledLayers } from './couplingView.ts';
import { smallNetwork } from './fakeWorkers.ts';

it('a channel’s filters are its own weights, input by input, strongest first', () => {
  const network = smallNetwork();
  const filters = channelFilters(network, 'first', 2);
  const node = network.nodes[1];
  if (node.op !== 'conv2d' || !filters) throw new Error('no filters');
  const { values } = node.weights.kernel;
  expect(filters).toMatchObject({ rows: 3, columns: 3, inputs: 3 });
  filters.order.forEach((input, i) => expect(filters.maps[i][4]).toBe(values[(4 * 3 + input) * 8 + 2]));
  const norms = filters.maps.map((map) => map.reduce((sum, weight) => sum + weight * weight, 0));
  expect(norms).toEqual([...norms].sort((a, b) => b - a));
  expect(channelFilters(network, 'pool', 0)).toBeUndefined();
});

it('a transposed convolution’s filters lie along its own axes', () => {
  const b = networkBuilder(1);
  const kernel = randomWeights(2)([2, 2, 5, 4]);
  const up = b.node({ id: 'up', op: 'transposedConv2d', inputs: [b.conv('stem', b.input('input', [4, 4, 3]), [1, 1], 3, 4)], attributes: { strides: [2, 2], cropping: [[0, 0], [0, 0]] }, weights: { kernel } });
  const filters = channelFilters(b.build('up', b.conv('out', up, [1, 1], 5, 2)), 'up', 3);
  expect(filters?.inputs).toBe(4);
  filters?.order.forEach((input, i) => expect(filters.maps[i]).toEqual([0, 1, 2, 3].map((position) => kernel.values[(position * 5 + 3) * 4 + input])));
});

it('a channel’s response is looked at after its first activation, or where it is made', () => {
  const network = residualNetwork();
  const coupled = coupling(network);
  const group = (name: string) => coupled.groups.find((candidate) => candidate.name === name) ?? coupled.groups[0];
  expect(excitingFeature(coupledLayers(network, coupled, group('stem'), 4))).toEqual({ node: 'stem_relu', feature: 4 });
  expect(excitingFeature(coupledLayers(network, coupled, group('logits'), 1))).toEqual({ node: 'logits', feature: 1 });
  expect(excitingFeature([])).toBeUndefined();
});

it('changed predictions are counted over the images that both networks saw, and shown in variety', () => {
  const changed = changedPredictions([0, 1, 2, 3, 4], [0, 2, 2, 4]);
  expect(changed).toEqual([{ index: 1, before: 1, after: 2 }, { index: 3, before: 3, after: 4 }]);
  const many = [...Array.from({ length: 5 }, (_, index) => ({ index, before: 0, after: 1 })), { index: 9, before: 3, after: 5 }];
  expect(varied(many, 2).map(({ index }) => index)).toEqual([0, 9]);
});
