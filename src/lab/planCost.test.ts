import { expect, it } from 'vitest';
import { networkCosts } from '../network/costs.ts';
import { couplingGroups } from '../network/coupling.ts';
import { costModel } from '../network/costModel.ts';
import type { Network } from '../network/network.ts';
import { prune } from '../network/surgery.ts';
import { loadedModel, smallNetwork } from './fakeWorkers.ts';
import { planCost } from './planCost.ts';

it('a plan’s cost is that of the network that surgery makes, bytes of norm statistics included', () => {
  const plain = smallNetwork();
  const nodes = plain.nodes.flatMap((node): Network['nodes'] =>
    node.id === 'second'
      ? [
          { id: 'norm', op: 'batchNorm', inputs: ['first'], attributes: { epsilon: 1e-3 }, weights: { gamma: vector(8), beta: vector(8), mean: vector(8), variance: vector(8) } },
          { ...node, inputs: ['norm'] } as (typeof plain.nodes)[number],
        ]
      : [node],
  );
  const network: Network = { ...plain, nodes };
  const loaded = { ...loadedModel(network), groups: couplingGroups(network), costModel: costModel(network) };
  const keep = { first: [0, 3, 5], second: [1, 2, 3, 4, 11] };
  const { macs, parameters, bytes } = networkCosts(prune(network, { keep, weights: {} }));
  expect(planCost({ model: { descriptor: { kind: 'shipped', id: 'x' }, loaded } }, keep)).toEqual({ macs, params: parameters, bytes });
});

function vector(n: number) {
  return { shape: [n], values: new Float32Array(n).fill(1) };
}
