import { expect, it } from 'vitest';
import { channelFilters } from './channelView.ts';
import { changedPredictions, varied } from './changedPredictions.ts';
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

it('changed predictions are counted over the images that both networks saw, and shown in variety', () => {
  const changed = changedPredictions([0, 1, 2, 3, 4], [0, 2, 2, 4]);
  expect(changed).toEqual([{ index: 1, before: 1, after: 2 }, { index: 3, before: 3, after: 4 }]);
  const many = [...Array.from({ length: 5 }, (_, index) => ({ index, before: 0, after: 1 })), { index: 9, before: 3, after: 5 }];
  expect(varied(many, 2).map(({ index }) => index)).toEqual([0, 9]);
});
