import type { Network, Node } from '../../network/network.ts';
import { ShapeError } from '../../network/networkErrors.ts';
import { inferShapes } from '../../network/shapes.ts';
import { ModelFileError } from '../kerasLayers/errors.ts';

/** Values of one picture that a layer may have, 1 GiB of them, and axes. */
const MOST_VALUES = 2 ** 28;
const MOST_AXES = 16;

/**
 * Refuses what is a network by its form, and of which nothing can be computed: values too large for
 * any memory, settings that are no numbers as float32, norms that divide by nothing.
 *
 * @throws ShapeError, ModelFileError naming the layer
 */
export function requirePlausible(network: Network): void {
  const shapes = inferShapes(network);
  for (const node of network.nodes) {
    const shape = shapes.get(node.id) ?? [];
    if (shape.length > MOST_AXES || !(shape.reduce((product, size) => product * size, 1) <= MOST_VALUES)) {
      throw new ShapeError(node.id, node.op, `its value of ${shape.join(' × ').slice(0, 80)} is too large to be meant.`);
    }
    requireNumbers(node);
    requirePositiveVariance(node);
  }
}

function requireNumbers({ id, op, attributes }: Node): void {
  for (const [name, value] of Object.entries<unknown>(attributes)) {
    const values = Array.isArray(value) ? value.flat(2) as unknown[] : [value];
    const bad = values.find((each): each is number => typeof each === 'number' && !Number.isFinite(Math.fround(each)));
    if (bad !== undefined) throw new ModelFileError(`Layer "${id}" (${op}): its ${name} is ${bad}, which float32 cannot hold.`);
  }
}

function requirePositiveVariance(node: Node): void {
  if (node.op !== 'batchNorm') return;
  const { epsilon } = node.attributes;
  const bad = node.weights.variance.values.find((variance) => !(variance + epsilon > 0));
  if (bad === undefined) return;
  throw new ModelFileError(
    `Layer "${node.id}" (batchNorm) has a variance of ${bad} and an epsilon of ${epsilon}; it divides by the root of their sum, which must be positive.`,
  );
}
