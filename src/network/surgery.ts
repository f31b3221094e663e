import { coupling, keptFeatures } from './coupling.ts';
import type { CouplingGroup } from './couplingGroup.ts';
import { isConsumer, kernelAxes, type Network, type Node } from './network.ts';
import type { KeptFeatures } from './ops/opDefinition.ts';
import { opDefinition } from './ops/table.ts';
import {
  EmptyGroupError, EmptyPartError, FrozenGroupError, KeptIndicesError, NotAConsumerError, NotANormError, UnknownGroupError,
} from './pruneErrors.ts';
import type { PrunePlan } from './prunePlan.ts';
import { checkWeight } from './shapes.ts';

/**
 * The network that `plan` describes: every group cut to its kept channels, compensated consumers
 * with the plan's weights. `network` is not changed; weights that stay as they are are shared
 * with it, so copy before transferring their buffers to a worker.
 *
 * A plan may give a bias to a consumer that has none, and a batch norm other statistics.
 *
 * Throws `UnknownGroupError`, `EmptyGroupError`, `EmptyPartError`, `FrozenGroupError`,
 * `KeptIndicesError`, `NotAConsumerError`, `NotANormError`, `WeightShapeError` or `NonFiniteWeightsError`, before
 * anything is built.
 */
export function prune(network: Network, plan: PrunePlan): Network {
  const { groups, features } = coupling(network);
  checkKeep(groups, plan);

  const keptAround = (node: Node): KeptFeatures => {
    const [input, output] = [features.get(node.inputs[0] ?? ''), features.get(node.id)];
    return {
      in: input && keptFeatures(input, plan.keep),
      out: output && keptFeatures(output, plan.keep),
      axis: output?.axis ?? 0,
    };
  };

  const replaced = new Set(Object.keys(plan.weights));
  for (const id of replaced) checkReplacement(network, id, plan, keptAround);
  const norms = new Map(Object.entries(plan.norms ?? {}));
  for (const [id, statistics] of norms) checkNorm(network, id, statistics);

  const nodes = network.nodes.map((node): Node => {
    const kept = keptAround(node);
    if (replaced.has(node.id)) {
      const weights = { ...node.weights, ...plan.weights[node.id] };
      return cut({ ...node, weights } as Node, { out: kept.out, axis: kept.axis });
    }
    const statistics = norms.get(node.id);
    const present = statistics ? ({ ...node, weights: { ...node.weights, ...statistics } } as Node) : node;
    return cut(present, kept);
  });
  return { ...network, nodes };
}

function cut(node: Node, kept: KeptFeatures): Node {
  return kept.in || kept.out ? (opDefinition(node).cut(node, kept) as Node) : node;
}

function checkKeep(groups: readonly CouplingGroup[], plan: PrunePlan): void {
  const byName = new Map(groups.map((group) => [group.name, group]));
  for (const [name, kept] of Object.entries(plan.keep)) {
    const group = byName.get(name);
    if (!group) throw new UnknownGroupError(name, [...byName.keys()]);
    if (kept.length === 0) throw new EmptyGroupError(name);
    let previous = -1;
    for (const [position, index] of kept.entries()) {
      if (!Number.isInteger(index) || index <= previous || index >= group.channels) {
        throw new KeptIndicesError(name, position, index, group.channels);
      }
      previous = index;
    }
    if (group.frozen !== undefined && kept.length < group.channels) throw new FrozenGroupError(name, group.frozen);
    const stays = new Set(kept);
    for (const part of group.parts ?? []) {
      if (!part.some((index) => stays.has(index))) throw new EmptyPartError(name, part);
    }
  }
}

function checkReplacement(
  network: Network,
  id: string,
  plan: PrunePlan,
  keptAround: (node: Node) => KeptFeatures,
): void {
  const node = network.nodes.find((candidate) => candidate.id === id);
  if (!node || !isConsumer(node)) throw new NotAConsumerError(id);
  const { kernel, bias } = plan.weights[id];
  const whole = node.weights.kernel.shape;
  const axes = kernelAxes(node);
  const kept = keptAround(node).in?.filter((index) => !isGrouped(node) || index < whole[axes.in]);
  checkWeight(id, 'kernel', kernel, kept ? whole.with(axes.in, kept.length) : whole);
  if (bias) checkWeight(id, 'bias', bias, [whole[axes.out]]);
}

function checkNorm(network: Network, id: string, { mean, variance }: NonNullable<PrunePlan['norms']>[string]): void {
  const node = network.nodes.find((candidate) => candidate.id === id);
  if (node?.op !== 'batchNorm') throw new NotANormError(id);
  checkWeight(id, 'mean', mean, node.weights.mean.shape);
  checkWeight(id, 'variance', variance, node.weights.variance.shape);
}

function isGrouped(node: Node): boolean {
  return node.op === 'conv2d' && node.attributes.groups > 1;
}
