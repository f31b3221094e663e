import type { CouplingGroup } from '../network/couplingGroup.ts';
import type { Network } from '../network/network.ts';
import type { NodeSummary } from '../workers/protocol.ts';

export interface ChannelFilters {
  readonly rows: number;
  readonly columns: number;
  /** How many inputs the layer has in all. */
  readonly inputs: number;
  /** One map an input, row-major, those of the greatest norm first. */
  readonly maps: readonly (readonly number[])[];
  /** The input that each map belongs to. */
  readonly order: readonly number[];
}

const MOST_MAPS = 64;

/** The weights of one output channel of a layer, a map for each input; undefined for a layer without a kernel. */
export function channelFilters(network: Network, producer: string, channel: number): ChannelFilters | undefined {
  const node = network.nodes.find(({ id }) => id === producer);
  if (node?.op !== 'conv2d' && node?.op !== 'dense') return undefined;
  const { shape, values } = node.weights.kernel;
  const [rows, columns, inputs, outputs] = shape.length === 4 ? shape : [1, 1, ...shape];
  const maps = Array.from({ length: inputs }, (_, input) =>
    Array.from({ length: rows * columns }, (_, position) => values[(position * inputs + input) * outputs + channel]),
  );
  const norm = (input: number) => maps[input].reduce((sum, weight) => sum + weight * weight, 0);
  const order = Array.from(maps.keys())
    .sort((a, b) => norm(b) - norm(a))
    .slice(0, MOST_MAPS);
  return { rows, columns, inputs, maps: order.map((input) => maps[input]), order };
}

/** Where a channel's response is best looked at: after the group's first activation, where it has one. */
export function excitingNode({ producers, passThroughs }: CouplingGroup, nodes: readonly NodeSummary[]): string {
  const members = new Set(passThroughs);
  return nodes.find(({ id, op }) => op === 'activation' && members.has(id))?.id ?? producers[0];
}
