import type { Coupling } from '../../network/coupling.ts';
import type { ComponentMap } from '../../network/couplingGroup.ts';
import { isConsumer, type Network, type Node } from '../../network/network.ts';
import type { Criterion } from './criterion.ts';
import { filterNorms } from './filterNorms.ts';
import { scoreEachGroup } from './groupScoreMap.ts';
import { eachKernelValue, inputCount } from './kernelValues.ts';
import { sumOverProducers } from './producers.ts';

/**
 * DFPC (Narshana, Murti and Bhattacharyya, Data flow driven pruning of coupled channels without
 * data, ICLR 2023): coupled channels are worth an upper bound on what their removal does to the
 * outputs of the layers that they feed, computed backwards through the data flow that couples them
 * (the paper's Backwards Graph-based Saliency Computation), without data.
 *
 * Our reading of it on coupling groups: a channel's bound starts at each consumer as `Σ |w|` over the
 * weights that read it, is carried back through every op between, times what that op can at most do
 * to it (batch norm `|γ| / √(σ² + ε)`, depthwise convolution `Σ |w|`, rescaling `|scale|`), is summed
 * where paths meet, and ends at each producer with its filter's `Σ |w|`, the most that the filter can
 * make of inputs in [−1, 1]. A channel's score is the sum over its producers.
 *
 * Simplified against the tightest bound that the weights allow:
 * - producers' inputs are taken to lie in [−1, 1], whatever makes them;
 * - biases, means and β are left out: they shift a channel, and do not pass on a change;
 * - activations, pools, resizing and norms by the input's own statistics count as 1-Lipschitz and 0 at 0;
 * - a product (a gate) passes the bound to each of its factors as though the others were 1;
 * - the bound is that of one output position, whatever their number.
 */
export const dfpc: Criterion = ({ network, coupled }) => {
  const reach = consumersReach(network, coupled);
  return scoreEachGroup(coupled.groups, (group) =>
    sumOverProducers(network, coupled, group, (producer) => {
      const own = reach.get(producer.id);
      return filterNorms(producer, 'l1').map((norm, feature) => norm * (own?.[feature] ?? 0));
    }));
};

/**
 * For every node, per feature: how far a change of 1 in it can move the outputs of the next layers
 * that mix channels, summed over them.
 */
export function consumersReach(network: Network, coupled: Coupling): ReadonlyMap<string, Float64Array> {
  const reach = new Map<string, Float64Array>();
  const add = (id: string, values: Float64Array): void => {
    const sum = reach.get(id);
    if (sum) values.forEach((value, feature) => (sum[feature] += value));
    else reach.set(id, values);
  };
  for (const node of network.nodes.toReversed()) {
    if (isConsumer(node)) {
      const sums = new Float64Array(inputCount(node));
      eachKernelValue(node, (weight, input) => (sums[input] += Math.abs(weight)));
      add(node.inputs[0], sums);
      continue;
    }
    const own = reach.get(node.id);
    if (!own) continue;
    const passed = throughOp(node, own);
    let start = 0;
    for (const id of node.inputs) {
      add(id, carriedBack(node, id, passed, start, coupled));
      start += coupled.features.get(id)?.component.length ?? 0;
    }
  }
  return reach;
}

/** The bound times what the op can do to each of its output features. */
function throughOp(node: Node, bound: Float64Array): Float64Array {
  switch (node.op) {
    case 'batchNorm': {
      const { gamma, variance } = node.weights;
      return bound.map((value, f) =>
        (value * Math.abs(gamma?.values[f] ?? 1)) / Math.sqrt(variance.values[f] + node.attributes.epsilon));
    }
    case 'depthwiseConv2d': {
      const { values } = node.weights.kernel;
      const sums = new Float64Array(bound.length);
      values.forEach((weight, at) => (sums[at % bound.length] += Math.abs(weight)));
      return bound.map((value, f) => value * sums[f]);
    }
    case 'rescaling':
      return bound.map((value) => value * Math.abs(node.attributes.scale));
    default:
      return bound;
  }
}

/**
 * A node's bound as that of one of its inputs, per feature. Where the op neither keeps features in
 * place nor joins or takes runs of them (flatten, multipliers, reshapes that split the channels), all
 * that a channel has is summed and shared equally among the input's features of that channel.
 *
 * @param start the first of the node's features that are the input's, where it joins its inputs
 */
function carriedBack(node: Node, input: string, bound: Float64Array, start: number, { features }: Coupling): Float64Array {
  const [from, to] = [features.get(node.id), features.get(input)];
  if (!from || !to) return new Float64Array(0);
  const count = to.component.length;
  if (node.op === 'concat' && node.attributes.axis === from.axis) return bound.slice(start, start + count);
  if (node.op === 'slice' && node.attributes.axis === from.axis) {
    const whole = new Float64Array(count);
    whole.set(bound, node.attributes.start);
    return whole;
  }
  if (count === bound.length) return bound.slice();
  const sums = new Map<string, { bound: number; features: number }>();
  for (let f = 0; f < count; f++) {
    const channel = sums.get(channelOf(to, f));
    if (channel) channel.features++;
    else sums.set(channelOf(to, f), { bound: 0, features: 1 });
  }
  bound.forEach((value, f) => {
    const channel = sums.get(channelOf(from, f));
    if (channel) channel.bound += value;
  });
  return Float64Array.from({ length: count }, (_, f) => {
    const channel = sums.get(channelOf(to, f));
    return channel ? channel.bound / channel.features : 0;
  });
}

function channelOf({ groups, group, component }: ComponentMap, feature: number): string {
  return `${component[feature]} ${groups[group[feature]].name}`;
}
