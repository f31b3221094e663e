import type { FeatureMap } from './couplingGroup.ts';
import { coupling } from './coupling.ts';
import type { Network } from './network.ts';
import { opDefinition } from './ops/table.ts';
import { inferShapes, inputShapes } from './shapes.ts';
import type { CostModel, CostTerm } from './totalCost.ts';

/**
 * The cost model of `network`, for its own coupling. A layer has one term per part that grows
 * differently (kernel ~ in · out, bias ~ out, gamma and beta ~ channels) and per groups that a
 * concatenation brings together. It agrees with the costs of the surgically pruned network, provided
 * that the plan adds no bias and that all components of a group have as many features in a node (only
 * splits make that untrue; the model then takes the mean).
 */
export function costModel(network: Network, { groups, features } = coupling(network)): CostModel {
  const shapes = inferShapes(network);
  const terms: CostTerm[] = [];
  for (const node of network.nodes) {
    const inputs = inputShapes(node, shapes);
    for (const part of opDefinition(node).costParts(node, inputs, shapes.get(node.id) ?? [])) {
      if (part.macs === 0 && part.parameters === 0) continue;
      const axes = part.axes.map((axis) => sharesOf(features.get(axis === 'in' ? node.inputs[0] : node.id)));
      const unit = axes.reduce((product, { width }) => product * width, 1);
      for (const { factor, groups: members } of products(axes.map(({ shares }) => shares))) {
        terms.push({
          node: node.id,
          macs: (part.macs / unit) * factor,
          parameters: (part.parameters / unit) * factor,
          groups: members,
        });
      }
    }
  }
  return { widths: Object.fromEntries(groups.map(({ name, channels }) => [name, channels])), terms };
}

/** What of an axis each group decides: `factor` features for every component that it keeps. */
interface Share {
  readonly factor: number;
  readonly groups: readonly string[];
}

function sharesOf(map: FeatureMap | undefined): { readonly width: number; readonly shares: readonly Share[] } {
  const { groups, group } = map ?? { groups: [], group: new Int32Array(1) };
  const shares = groups.map(({ name, channels }, index) => ({
    factor: group.filter((of) => of === index).length / channels,
    groups: [name],
  }));
  return { width: group.length, shares };
}

/** One share of every axis, in every combination. */
function products(axes: readonly (readonly Share[])[]): Share[] {
  return axes.reduce<Share[]>(
    (all, shares) => all.flatMap((one) => shares.map((other) => ({
      factor: one.factor * other.factor,
      groups: [...one.groups, ...other.groups],
    }))),
    [{ factor: 1, groups: [] }],
  );
}
