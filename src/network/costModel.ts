import type { FeatureMap } from './couplingGroup.ts';
import { coupling } from './coupling.ts';
import type { Cost } from './costs.ts';
import type { Network } from './network.ts';
import { opDefinition } from './ops/table.ts';
import { inferShapes, inputShapes } from './shapes.ts';

/**
 * What the network costs as a polynomial in its groups' widths; plain data that survives JSON.
 * For widths k, total macs = `Σ_terms macs · Π_{g in groups} k_g`, and likewise parameters.
 */
export interface CostModel {
  /** Group name → channels of the intact network. */
  readonly widths: Readonly<Record<string, number>>;
  readonly terms: readonly CostTerm[];
}

/** `macs` and `parameters` per unit width; a group that stands twice in `groups` counts squared. */
export interface CostTerm extends Cost {
  readonly node: string;
  readonly groups: readonly string[];
}

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

/**
 * Macs and parameters when group g keeps `widths[g]` channels; a group that is absent stays
 * whole. A few microseconds for a network of a hundred layers: safe on every slider move.
 */
export function totalCost(model: CostModel, widths: Readonly<Record<string, number>>): Cost {
  let macs = 0;
  let parameters = 0;
  for (const term of model.terms) {
    let product = 1;
    for (const group of term.groups) product *= widths[group] ?? model.widths[group];
    macs += term.macs * product;
    parameters += term.parameters * product;
  }
  return { macs, parameters };
}
