import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { costModel } from './costModel.ts';
import { totalCost } from './totalCost.ts';
import { networkCosts } from './costs.ts';
import { networkBuilder, plainNetwork, residualNetwork } from './fixtures/networks.ts';
import { randomPlan } from './fixtures/randomPlan.ts';
import { prune } from './surgery.ts';

describe('networkCosts', () => {
  it('counts a convolution, a norm and a dense layer as documented', () => {
    const b = networkBuilder(1);
    const conv = b.conv('conv', b.input('input', [6, 6, 2]), [3, 3], 2, 5, { strides: [2, 2], bias: true });
    const pooled = b.globalPool('pool', b.norm('norm', conv, 5));
    const costs = networkCosts(b.build('small', b.dense('out', pooled, 5, 4)));
    expect(costs.nodes.get('conv')).toEqual({ macs: 3 * 3 * 3 * 3 * 2 * 5, parameters: 3 * 3 * 2 * 5 + 5 });
    expect(costs.nodes.get('norm')).toEqual({ macs: 0, parameters: 10 });
    expect(costs.nodes.get('out')).toEqual({ macs: 20, parameters: 24 });
    expect(costs).toMatchObject({ macs: 830, parameters: 129, bytes: 4 * (129 + 10) });
  });
});

describe('costModel', () => {
  const networks = [residualNetwork(), plainNetwork()];

  it('agrees exactly with the costs of the pruned network, also after a trip through JSON', () => {
    for (const network of networks) {
      const model = JSON.parse(JSON.stringify(costModel(network))) as ReturnType<typeof costModel>;
      fc.assert(
        fc.property(randomPlan(network), (plan) => {
          const widths = Object.fromEntries(Object.entries(plan.keep).map(([name, kept]) => [name, kept.length]));
          const { macs, parameters } = networkCosts(prune(network, plan));
          expect(totalCost(model, widths)).toEqual({ macs, parameters });
        }),
      );
    }
  });

  it('gives the intact cost for no widths and has whole coefficients', () => {
    for (const network of networks) {
      const model = costModel(network);
      const { macs, parameters } = networkCosts(network);
      expect(totalCost(model, {})).toEqual({ macs, parameters });
      expect(model.terms.every((term) => Number.isInteger(term.macs) && Number.isInteger(term.parameters))).toBe(true);
    }
  });

  it('counts a group twice where a layer writes into the stream it reads', () => {
    const b = networkBuilder(1);
    const stem = b.conv('stem', b.input('input', [4, 4, 3]), [1, 1], 3, 6);
    const sum = b.add('sum', stem, b.conv('inner', stem, [3, 3], 6, 6));
    const network = b.build('loop', b.conv('out', sum, [1, 1], 6, 2));
    const model = costModel(network);
    expect(model.terms.find((term) => term.node === 'inner')?.groups).toEqual(['stem', 'stem']);
    const pruned = networkCosts(prune(network, { keep: { stem: [1, 4] }, weights: {} }));
    expect(totalCost(model, { stem: 2 })).toEqual({ macs: pruned.macs, parameters: pruned.parameters });
  });
});
