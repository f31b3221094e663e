import { ChannelLabels } from './channelLabels.ts';
import type { ComponentMap, CouplingGroup, FeatureMap } from './couplingGroup.ts';
import { isConsumer, type Network } from './network.ts';
import type { Channels } from './ops/opDefinition.ts';
import { opDefinition } from './ops/table.ts';
import { inferShapes, inputShapes } from './shapes.ts';

export interface Coupling {
  /** In execution order of their first members. */
  readonly groups: readonly CouplingGroup[];
  /** Node id → its features. */
  readonly features: ReadonlyMap<string, FeatureMap>;
}

/**
 * What leaves with what. Every mixer (conv, dense) and the input open new channel labels; every other
 * op says how the labels of its inputs become its own, and ties those that must leave together
 * (`OpDefinition.channels`). Tied labels are one component; layers whose labels are tied anywhere are
 * one group. A node's features may belong to several groups (after a concatenation).
 *
 * A group is `frozen`, with the first reason in execution order, where it holds the network's input
 * channels or an output, passes an op that cannot be cut, is laid out in a way that no op can follow,
 * or feeds no layer. Throws what `inferShapes` throws. O(features of all nodes).
 */
export function coupling(network: Network): Coupling {
  const shapes = inferShapes(network);
  const labels = new ChannelLabels();
  const channels = new Map<string, Channels>();
  const outputs = new Set(network.outputs);
  for (const node of network.nodes) {
    const value = opDefinition(node).channels(node, {
      inputs: node.inputs.map((id) => known(channels, id)),
      inputShapes: inputShapes(node, shapes),
      output: known(shapes, node.id),
      ties: labels,
    });
    channels.set(node.id, value);
    if (outputs.has(node.id)) labels.freeze(value.labels, "it holds the network's output");
  }
  return grouped(network, channels, labels);
}

export function couplingGroups(network: Network): readonly CouplingGroup[] {
  return coupling(network).groups;
}

/** Ascending indices of the features that stay; undefined where all do. */
export function keptFeatures(
  features: ComponentMap,
  keep: Readonly<Record<string, readonly number[]>>,
): readonly number[] | undefined {
  const kept = features.groups.map(({ name, channels }) => {
    const own = Object.hasOwn(keep, name) ? keep[name] : undefined;
    return own && own.length < channels ? new Set(own) : undefined;
  });
  if (kept.every((own) => own === undefined)) return undefined;
  const stay: number[] = [];
  features.group.forEach((group, feature) => {
    if (kept[group]?.has(features.component[feature]) ?? true) stay.push(feature);
  });
  return stay;
}

interface Draft {
  readonly producers: string[];
  readonly passThroughs: string[];
  readonly consumers: string[];
  readonly parts: Map<string, readonly number[]>;
}

function grouped(network: Network, channels: ReadonlyMap<string, Channels>, labels: ChannelLabels): Coupling {
  const { groupOf, componentOf, sizes, frozen } = labels.components();
  const drafts = sizes.map((): Draft => ({ producers: [], passThroughs: [], consumers: [], parts: new Map() }));
  const order = new Set<number>();
  for (const node of network.nodes) {
    for (const [group, components] of byGroup(known(channels, node.id).labels, groupOf, componentOf)) {
      order.add(group);
      const draft = drafts[group];
      (isConsumer(node) ? draft.producers : draft.passThroughs).push(node.id);
      if (components.length < sizes[group]) draft.parts.set(components.join(), components);
    }
    if (!isConsumer(node)) continue;
    for (const group of byGroup(known(channels, node.inputs[0]).labels, groupOf, componentOf).keys()) {
      drafts[group].consumers.push(node.id);
    }
  }
  const groups = new Map([...order].map((group) => {
    const { producers, passThroughs, consumers, parts } = drafts[group];
    const reason = frozen[group] ?? (consumers.length === 0 ? 'no layer reads it' : undefined);
    const made: CouplingGroup = {
      name: producers[0] ?? passThroughs[0],
      channels: sizes[group],
      producers,
      passThroughs,
      consumers,
      ...(parts.size > 0 && { parts: [...parts.values()] }),
      ...(reason !== undefined && { frozen: reason }),
    };
    return [group, made] as const;
  }));
  const features = new Map([...channels].map(([id, { axis, labels: own }]) => {
    const present = [...new Set(own.map((label) => groupOf[label]))];
    const map: FeatureMap = {
      axis,
      groups: present.map((group) => known(groups, group)),
      group: own.map((label) => present.indexOf(groupOf[label])),
      component: own.map((label) => componentOf[label]),
    };
    return [id, map] as const;
  }));
  return { groups: [...groups.values()], features };
}

/** Group → the components, ascending, that these labels have of it. */
function byGroup(labels: Int32Array, groupOf: Int32Array, componentOf: Int32Array): Map<number, readonly number[]> {
  const found = new Map<number, Set<number>>();
  for (const label of labels) {
    const components = found.get(groupOf[label]) ?? new Set();
    found.set(groupOf[label], components.add(componentOf[label]));
  }
  return new Map([...found].map(([group, components]) => [group, [...components].sort((a, b) => a - b)]));
}

function known<K, V>(map: ReadonlyMap<K, V>, key: K): V {
  const value = map.get(key);
  if (value === undefined) throw new Error(`"${String(key)}" is not there yet: nodes must stand in execution order.`);
  return value;
}
