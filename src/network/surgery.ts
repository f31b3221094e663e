import type { CouplingGroup } from './couplingGroup.ts';
import { couplingGroups, outputGroups } from './couplingGroups.ts';
import type { ConsumerNode, Network, Node } from './network.ts';
import type { KeptFeatures } from './ops/opDefinition.ts';
import { opDefinition } from './ops/table.ts';
import {
  EmptyGroupError, FrozenGroupError, KeptIndicesError, NotAConsumerError, UnknownGroupError,
} from './pruneErrors.ts';
import type { PrunePlan } from './prunePlan.ts';
import { checkWeight, inferShapes } from './shapes.ts';

/**
 * The network that `plan` describes: every group cut to its kept channels, compensated consumers
 * with the plan's weights. `network` is not changed; weights that stay as they are are shared
 * with it, so copy before transferring their buffers to a worker.
 *
 * A plan may give a bias to a consumer that has none.
 *
 * Throws `UnknownGroupError`, `EmptyGroupError`, `FrozenGroupError`, `KeptIndicesError`,
 * `NotAConsumerError`, `WeightShapeError` or `NonFiniteWeightsError`, before anything is built.
 */
export function prune(network: Network, plan: PrunePlan): Network {
  const groups = couplingGroups(network);
  checkKeep(groups, plan);
  const groupOf = outputGroups(groups);
  const shapes = inferShapes(network);

  /** Kept features of a node's output axis; undefined where all stay. */
  const keptOf = (id: string): readonly number[] | undefined => {
    const group = groupOf.get(id);
    const kept = group && Object.hasOwn(plan.keep, group.name) ? plan.keep[group.name] : undefined;
    if (!group || !kept || kept.length === group.channels) return undefined;
    return keptFeatures(kept, group.channels, (shapes.get(id)?.at(-1) ?? 0) / group.channels);
  };
  const keptAround = (node: Node): KeptFeatures => ({
    in: node.inputs.length > 0 ? keptOf(node.inputs[0]) : undefined,
    out: keptOf(node.id),
  });

  const replaced = new Set(Object.keys(plan.weights));
  for (const id of replaced) checkReplacement(network, id, plan, keptAround);

  const nodes = network.nodes.map((node): Node => {
    const kept = keptAround(node);
    if (replaced.has(node.id)) {
      const weights = { ...node.weights, ...plan.weights[node.id] };
      return cut({ ...node, weights } as Node, { out: kept.out });
    }
    return cut(node, kept);
  });
  return { ...network, nodes };
}

/**
 * Feature indices that stay when `kept` of a group's `channels` stay and every channel has
 * `spread` features, feature `f` belonging to channel `f mod channels`. Ascending.
 */
export function keptFeatures(kept: readonly number[], channels: number, spread: number): readonly number[] {
  if (spread === 1) return kept;
  return Array.from({ length: spread }, (_, position) => kept.map((c) => position * channels + c)).flat();
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
  const inputs = keptAround(node).in?.length ?? whole[whole.length - 2];
  checkWeight(id, 'kernel', kernel, whole.with(whole.length - 2, inputs));
  if (bias) checkWeight(id, 'bias', bias, [whole[whole.length - 1]]);
}

function isConsumer(node: Node): node is ConsumerNode {
  return node.op === 'conv2d' || node.op === 'dense';
}
