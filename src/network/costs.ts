import type { Network, Node, Shape } from './network.ts';
import { opDefinition } from './ops/table.ts';
import { inferShapes, inputShapes, weightsOf } from './shapes.ts';

/**
 * - `macs`: multiply-accumulates of one forward pass of one sample; conv `H·W·kh·kw·in·out`,
 *   dense `in·out` a position, attention `2 · tokens · seen tokens · features`, everything else 0
 * - `parameters`: trainable ones, i.e. kernels, biases, gamma, beta; moving statistics not counted
 */
export interface Cost {
  readonly macs: number;
  readonly parameters: number;
}

export interface NetworkCosts extends Cost {
  /** Float32 weights in bytes, moving statistics included: what a weight file holds. */
  readonly bytes: number;
  /** Node id → its cost, in execution order. */
  readonly nodes: ReadonlyMap<string, Cost>;
}

/** What one node costs, given the shapes of its inputs and of its output. */
export function nodeCost(node: Node, inputs: readonly Shape[], output: Shape): Cost {
  let macs = 0;
  let parameters = 0;
  for (const part of opDefinition(node).costParts(node, inputs, output)) {
    macs += part.macs;
    parameters += part.parameters;
  }
  return { macs, parameters };
}

/** What the network costs, per node and in total. Throws what `inferShapes` throws. */
export function networkCosts(network: Network): NetworkCosts {
  const shapes = inferShapes(network);
  const nodes = new Map<string, Cost>();
  let macs = 0;
  let parameters = 0;
  for (const node of network.nodes) {
    const cost = nodeCost(node, inputShapes(node, shapes), shapes.get(node.id) ?? []);
    nodes.set(node.id, cost);
    macs += cost.macs;
    parameters += cost.parameters;
  }
  return { macs, parameters, bytes: weightBytes(network), nodes };
}

/** Bytes of all float32 weights, moving statistics included; one that several nodes share counts once. */
export function weightBytes(network: Network): number {
  const weights = new Set(network.nodes.flatMap(weightsOf).map(([, weight]) => weight));
  return 4 * [...weights].reduce((total, { values }) => total + values.length, 0);
}
