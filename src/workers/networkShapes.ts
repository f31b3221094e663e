import type { Network, Shape } from '../network/network.ts';
import { inferShapes } from '../network/shapes.ts';

export interface NetworkShapes {
  /** Of every node, without the batch axis. */
  readonly shapes: ReadonlyMap<string, Shape>;
  readonly inputShape: Shape;
  /** Values of the first output. */
  readonly outputs: number;
}

export function networkShapes(network: Network): NetworkShapes {
  const shapes = inferShapes(network);
  const input = network.nodes.find((node) => node.op === 'input');
  const outputs = (shapes.get(network.outputs[0]) ?? []).reduce((product, size) => product * size, 1);
  return { shapes, inputShape: (input && shapes.get(input.id)) ?? [], outputs };
}
