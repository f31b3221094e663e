import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mixedNetwork } from '../engine/fixtures/mixedNetwork.ts';
import { networkCosts } from '../network/costs.ts';
import { coupling } from '../network/coupling.ts';
import { networkBuilder, plainNetwork, residualNetwork } from '../network/fixtures/networks.ts';
import { randomPlan } from '../network/fixtures/randomPlan.ts';
import type { Network } from '../network/network.ts';
import { inferShapes } from '../network/shapes.ts';
import { prune } from '../network/surgery.ts';
import { layerChanges, withTimes } from './layerChanges.ts';

const NETWORKS: Record<string, Network> = { residual: residualNetwork(), plain: plainNetwork(), mixed: mixedNetwork(), split: unevenSplit() };

describe.each(Object.entries(NETWORKS))('the layers of the %s network', (_, network) => {
  const coupled = coupling(network);

  it('have the channels, parameters and MACs of the network that surgery makes', () => {
    fc.assert(fc.property(randomPlan(network), ({ keep }) => {
      // a split group must keep one channel of each part
      fc.pre(coupled.groups.every(({ name, parts = [] }) => parts.every((part) => part.some((c) => keep[name]?.includes(c) ?? true))));
      const pruned = prune(network, { keep, weights: {} });
      const [before, after] = [networkCosts(network), networkCosts(pruned)];
      const shapes = inferShapes(pruned);
      const rows = layerChanges(network, coupled, keep);
      expect(rows.map(({ layer }) => layer)).toEqual(network.nodes.slice(1).map(({ id }) => id));
      for (const { layer, channels, parameters, macs } of rows) {
        expect(parameters).toEqual({ before: before.nodes.get(layer)?.parameters, after: after.nodes.get(layer)?.parameters });
        expect(macs).toEqual({ before: before.nodes.get(layer)?.macs, after: after.nodes.get(layer)?.macs });
        expect(channels.out.after).toBe(shapes.get(layer)?.[coupled.features.get(layer)?.axis ?? -1]);
      }
    }), { numRuns: 30 });
  });

  it('are unchanged where everything is kept', () => {
    for (const { channels, parameters, macs } of layerChanges(network, coupled, {})) {
      for (const { before, after } of [channels.in, channels.out, parameters, macs]) expect(after).toBe(before);
    }
  });
});

it('a step’s time stands at its first layer, and its other layers say with which they are timed', () => {
  const network = residualNetwork();
  const rows = withTimes(
    layerChanges(network, coupling(network), { stem: [0, 1, 2] }),
    [{ layers: ['stem', 'stem_norm', 'stem_relu'], milliseconds: 4 }, { layers: ['logits'], milliseconds: 1 }],
    [{ layers: ['stem', 'stem_norm', 'stem_relu'], milliseconds: 3 }, { layers: ['logits'], milliseconds: 1.5 }],
  );
  const byName = new Map(rows.map((row) => [row.layer, row]));
  expect(byName.get('stem')?.milliseconds).toEqual({ before: 4, after: 3 });
  expect(byName.get('stem_relu')).toMatchObject({ timedWith: 'stem' });
  expect(byName.get('stem_relu')?.milliseconds).toBeUndefined();
  expect(byName.get('logits')?.milliseconds).toEqual({ before: 1, after: 1.5 });
  expect(byName.get('pool')).not.toHaveProperty('milliseconds');
});

/** Parts of 3 and 7 channels, one read by a convolution that the other is not. */
function unevenSplit(): Network {
  const b = networkBuilder(6);
  const all = b.conv('all', b.input('input', [4, 4, 3]), [3, 3], 3, 10, { bias: true });
  const part = (id: string, start: number, size: number) => b.node({ id, op: 'slice', inputs: [all], attributes: { axis: 2, start, size }, weights: {} });
  const left = b.norm('left_norm', b.conv('left', part('first', 0, 3), [3, 3], 3, 6), 6);
  const right = b.conv('right', part('second', 3, 7), [1, 1], 7, 6);
  return b.build('split', b.conv('out', b.add('sum', left, right), [1, 1], 6, 2));
}
