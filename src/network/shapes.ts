import type { Network, Node, Shape, Weight } from './network.ts';
import { NetworkStructureError, NonFiniteWeightsError, ShapeError, WeightShapeError } from './networkErrors.ts';
import { opDefinition } from './ops/table.ts';

/**
 * Node id → shape of its value for one sample, in execution order.
 * Throws `ShapeError` (named node) where a node cannot take its inputs' shapes and
 * `NetworkStructureError` where an input is missing or stands later.
 */
export function inferShapes(network: Network): ReadonlyMap<string, Shape> {
  const shapes = new Map<string, Shape>();
  for (const node of network.nodes) {
    const inputs = inputShapes(node, shapes);
    shapes.set(node.id, opDefinition(node).outputShape(node, inputs));
  }
  return shapes;
}

/**
 * The shapes of `node`'s inputs. Throws `NetworkStructureError` where one is unknown, and
 * `ShapeError` where the op takes another number of inputs.
 */
export function inputShapes(node: Node, shapes: ReadonlyMap<string, Shape>): readonly Shape[] {
  const { inputs } = opDefinition(node);
  const count = node.inputs.length;
  const fits = { none: count === 0, one: count === 1, two: count === 2, three: count === 3, twoOrMore: count >= 2 }[inputs];
  if (!fits) {
    const wanted = { none: 'no inputs', one: 'one input', two: 'two inputs', three: 'three inputs', twoOrMore: 'two or more inputs' }[inputs];
    throw new ShapeError(node.id, node.op, `takes ${wanted}, found ${count}.`);
  }
  return node.inputs.map((id) => {
    const shape = shapes.get(id);
    if (!shape) {
      throw new NetworkStructureError(
        `Layer "${node.id}" reads from "${id}", which is not a layer that stands before it.`,
      );
    }
    return shape;
  });
}

/** The weights that `node` has, by name. */
export function weightsOf(node: Node): readonly (readonly [string, Weight])[] {
  return Object.entries<Weight | undefined>(node.weights).flatMap(([name, weight]) =>
    weight ? [[name, weight] as const] : [],
  );
}

/**
 * Checks that `network` can be run: unique ids, every input before its reader, one input node,
 * existing outputs, shapes that fit, weights of the right shape and all finite.
 * Throws `NetworkStructureError`, `ShapeError`, `WeightShapeError` or `NonFiniteWeightsError`.
 * O(all weights).
 */
export function validateNetwork(network: Network): void {
  const seen = new Set<string>();
  for (const { id } of network.nodes) {
    if (seen.has(id)) throw new NetworkStructureError(`Two layers are called "${id}"; names must be unique.`);
    seen.add(id);
  }
  const sources = network.nodes.filter((node) => node.op === 'input');
  if (sources.length !== 1) {
    throw new NetworkStructureError(`The network must have one input, found ${sources.length}.`);
  }
  if (network.outputs.length === 0) throw new NetworkStructureError('The network has no output.');
  for (const output of network.outputs) {
    if (!seen.has(output)) throw new NetworkStructureError(`The network's output "${output}" is not one of its layers.`);
  }
  const shapes = inferShapes(network);
  for (const node of network.nodes) {
    checkWeights(node, opDefinition(node).weightShapes(node, inputShapes(node, shapes)));
  }
}

function checkWeights(node: Node, expected: Readonly<Record<string, Shape>>): void {
  for (const [name, weight] of weightsOf(node)) {
    if (!Object.hasOwn(expected, name)) {
      throw new NetworkStructureError(`Layer "${node.id}" (${node.op}) has an unknown weight "${name}".`);
    }
    checkWeight(node.id, name, weight, expected[name]);
  }
}

/**
 * Throws `WeightShapeError` unless `weight` has the `expected` shape and as many values, and
 * `NonFiniteWeightsError` where a value is NaN or infinite.
 */
export function checkWeight(node: string, name: string, weight: Weight, expected: Shape): void {
  const { shape, values } = weight;
  const count = expected.reduce((product, d) => product * d, 1);
  if (shape.length !== expected.length || expected.some((d, axis) => d !== shape[axis]) || values.length !== count) {
    throw new WeightShapeError(node, name, expected, shape, values.length);
  }
  const bad = firstNonFinite(values);
  if (bad >= 0) throw new NonFiniteWeightsError(node, name, bad, values[bad]);
}

/** A plain loop: ten times as fast as `findIndex`, which tells on 100 million weights. */
function firstNonFinite(values: Float32Array): number {
  for (let k = 0; k < values.length; k++) if (values[k] - values[k] !== 0) return k;
  return -1;
}
