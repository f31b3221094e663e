import type { Node, Shape, Weight } from '../../network/network.ts';
import type { KeptFeatures } from '../../network/ops/opDefinition.ts';
import { opDefinition } from '../../network/ops/table.ts';
import { weightsOf } from '../../network/shapes.ts';
import { sliceWeight } from '../../network/sliceWeight.ts';

/** Per axis, the indices that stay; null where all do. */
export type KeptIndices = readonly (readonly number[] | null)[];

/**
 * Which indices of each of the node's weights stay, by weight name. Read off what the op's own
 * `cut` leaves of weights that hold their indices, so that it is what surgery does.
 */
export function weightCuts(node: Node, kept: KeptFeatures): ReadonlyMap<string, KeptIndices> {
  const weights = weightsOf(node);
  const cuts = new Map(weights.map(([name, { shape }]) => [name, shape.map((): readonly number[] | null => null)]));
  if (!kept.in && !kept.out) return cuts;
  const rank = Math.max(0, ...weights.map(([, { shape }]) => shape.length));
  for (let axis = 0; axis < rank; axis++) {
    const numbered = Object.fromEntries(weights.map(([name, { shape }]) => [name, indicesAlong(shape, axis)]));
    const left = new Map(weightsOf(opDefinition(node).cut({ ...node, weights: numbered } as Node, kept) as Node));
    for (const [name, { shape }] of weights) {
      const after = left.get(name);
      if (axis >= shape.length || !after || after.shape[axis] === shape[axis]) continue;
      const stride = product(after.shape.slice(axis + 1));
      cuts.get(name)?.splice(axis, 1, Array.from({ length: after.shape[axis] }, (_, k) => after.values[k * stride]));
    }
  }
  return cuts;
}

/** The weight at the kept indices. */
export function keptPart(weight: Weight, kept: KeptIndices): Weight {
  return kept.reduce<Weight>((cut, indices, axis) => sliceWeight(cut, axis, indices ?? undefined), weight);
}

/** Every value is its own index along `axis`. */
function indicesAlong(shape: Shape, axis: number): Weight {
  const inner = product(shape.slice(axis + 1));
  const size = shape[axis] ?? 1;
  return { shape, values: Float32Array.from({ length: product(shape) }, (_, k) => Math.floor(k / inner) % size) };
}

function product(shape: Shape): number {
  return shape.reduce((total, size) => total * size, 1);
}
