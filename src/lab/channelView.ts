import { isConsumer, kernelAxes, type Network } from '../network/network.ts';
import type { CoupledLayer } from './couplingView.ts';

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

/**
 * The weights of one output of a layer, a map for each of its inputs (of those of its group, where a
 * convolution is grouped); undefined for a layer without a kernel.
 */
export function channelFilters(network: Network, producer: string, output: number): ChannelFilters | undefined {
  const node = network.nodes.find(({ id }) => id === producer);
  if (!node || !isConsumer(node)) return undefined;
  const { shape, values } = node.weights.kernel;
  const axes = kernelAxes(node);
  const [rows, columns] = shape.length === 4 ? shape : [1, 1];
  const [inputs, outputs] = [shape[axes.in], shape[axes.out]];
  const place = axes.in < axes.out
    ? (position: number, input: number) => (position * inputs + input) * outputs + output
    : (position: number, input: number) => (position * outputs + output) * inputs + input;
  const maps = Array.from({ length: inputs }, (_, input) =>
    Array.from({ length: rows * columns }, (_, position) => values[place(position, input)]),
  );
  const norm = (input: number) => maps[input].reduce((sum, weight) => sum + weight * weight, 0);
  const order = Array.from(maps.keys())
    .sort((a, b) => norm(b) - norm(a))
    .slice(0, MOST_MAPS);
  return { rows, columns, inputs, maps: order.map((input) => maps[input]), order };
}

/**
 * Where a channel's response is best looked at: after its first activation, where it has one, else
 * where it is made. `coupled`: everything that leaves with the channel.
 */
export function excitingFeature(coupled: readonly CoupledLayer[]): { readonly node: string; readonly feature: number } | undefined {
  const held = coupled.filter(({ role }) => role !== 'reads');
  const chosen = held.find(({ op }) => op === 'activation') ?? held.find(({ role }) => role === 'makes') ?? held[0];
  return chosen && { node: chosen.layer, feature: chosen.features[0] };
}
