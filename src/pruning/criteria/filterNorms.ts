import type { Coupling } from '../../network/coupling.ts';
import type { CouplingGroup } from '../../network/couplingGroup.ts';
import type { ConsumerNode, Network } from '../../network/network.ts';
import type { Criterion } from './criterion.ts';
import { scoreEachGroup } from './groupScoreMap.ts';
import { eachKernelValue, outputCount } from './kernelValues.ts';
import { sumOverProducers } from './producers.ts';

export type Norm = 'l1' | 'l2';

/**
 * Norm of each output's filter, `Σ |w|` or `√Σ w²` over the weights that feed it. Biases are not
 * part of a filter, nor are the scales of norms that follow.
 *
 * @returns one value for each output feature
 */
export function filterNorms(producer: ConsumerNode, norm: Norm): Float64Array {
  const sums = new Float64Array(outputCount(producer));
  if (norm === 'l1') eachKernelValue(producer, (weight, _, output) => (sums[output] += Math.abs(weight)));
  else eachKernelValue(producer, (weight, _, output) => (sums[output] += weight * weight));
  return norm === 'l1' ? sums : sums.map(Math.sqrt);
}

/**
 * Per channel of the group: the L1 or L2 norms of the filters that make it, summed over producers
 * (Li et al., Pruning Filters for Efficient ConvNets, ICLR 2017, arXiv 1608.08710, section 3.1).
 * Depthwise filters, which the group passes, do not count: the paper has none.
 *
 * Producers alone, as in the paper: of an MLP's neuron its row of the up projection and, where the MLP is gated, of the
 * gate; of an attention head the norms of its features in the projections to queries, keys and values, summed. The
 * columns of the down or output projection, which read the channel, do not count.
 */
export function normScores(network: Network, coupled: Coupling, group: CouplingGroup, norm: Norm): Float64Array {
  return sumOverProducers(network, coupled, group, (producer) => filterNorms(producer, norm));
}

/** Keeps the channels with the greatest L1 norms of filters. */
export const l1: Criterion = (input) => byNorm(input, 'l1');

/** Keeps the channels with the greatest L2 norms of filters. */
export const l2: Criterion = (input) => byNorm(input, 'l2');

function byNorm({ network, coupled }: Parameters<Criterion>[0], norm: Norm): ReturnType<Criterion> {
  return scoreEachGroup(coupled.groups, (group) => normScores(network, coupled, group, norm));
}
