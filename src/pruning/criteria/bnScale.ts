import type { Coupling } from '../../network/coupling.ts';
import type { CouplingGroup } from '../../network/couplingGroup.ts';
import { nodeById, type Network } from '../../network/network.ts';
import type { Criterion } from './criterion.ts';
import { normScores } from './filterNorms.ts';
import { scoreEachGroup } from './groupScoreMap.ts';

/**
 * Network Slimming (Liu et al., Learning Efficient Convolutional Networks through Network Slimming,
 * ICCV 2017, arXiv 1708.06519): a channel is worth `|γ|` of the batch norm behind it. Where a group
 * passes several norms (residual streams, depthwise convolutions, norms before convolutions), the
 * `|γ|` of all of them are summed; a norm without γ counts 1.
 *
 * A group without any batch norm is ranked by its filters' L2 norms: a filter `w` is a filter of
 * unit norm followed by the scale `‖w‖`, so that this is the scale that a norm would have taken up.
 */
export const bnScale: Criterion = ({ network, coupled }) =>
  scoreEachGroup(coupled.groups, (group) =>
    summedScales(network, coupled, group) ?? normScores(network, coupled, group, 'l2'));

/** Per channel `Σ |γ|`; undefined where no batch norm is on the group's path. */
function summedScales(network: Network, { features }: Coupling, group: CouplingGroup): Float64Array | undefined {
  const sum = new Float64Array(group.channels);
  let norms = 0;
  for (const id of group.passThroughs) {
    const node = nodeById(network, id);
    const normed = features.get(id);
    if (node.op !== 'batchNorm' || !normed) continue;
    norms++;
    normed.component.forEach((component, feature) => {
      if (normed.groups[normed.group[feature]].name !== group.name) return;
      sum[component] += Math.abs(node.weights.gamma?.values[feature] ?? 1);
    });
  }
  return norms > 0 ? sum : undefined;
}
