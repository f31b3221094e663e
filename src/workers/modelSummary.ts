import { costModel } from '../network/costModel.ts';
import { networkCosts } from '../network/costs.ts';
import { coupling } from '../network/coupling.ts';
import type { Network } from '../network/network.ts';
import { networkShapes } from './networkShapes.ts';
import type { LoadedModel } from './protocol.ts';

/** What the page is told of a network: its groups, its costs, its nodes. @throws what inferring shapes and coupling throw */
export function modelSummary(network: Network): Omit<LoadedModel, 'card' | 'notKept'> {
  const { inputShape, shapes } = networkShapes(network);
  const coupled = coupling(network);
  const { macs, parameters, bytes, nodes } = networkCosts(network);
  return {
    network,
    inputShape,
    groups: coupled.groups,
    costModel: costModel(network, coupled),
    cost: { macs, params: parameters, bytes },
    nodes: network.nodes.map(({ id, op }) => ({
      id,
      op,
      shape: shapes.get(id) ?? [],
      macs: nodes.get(id)?.macs ?? 0,
      params: nodes.get(id)?.parameters ?? 0,
    })),
  };
}
