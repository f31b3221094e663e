import { orderedLayout, sameAxes, withSharedAtoms, type Axis, type Layout } from '../axisLayout.ts';
import { storageOrder, type NetworkBuilder } from './networkBuilder.ts';
import { logicalShape, type Feature } from './value.ts';

/** Values stored so that an op of the network joins them, and the layout of what it makes. */
export interface Aligned {
  readonly features: readonly Feature[];
  readonly layout: Layout;
}

/**
 * Stores values alike for an elementwise op: logical axes align from the last on, as in the file,
 * and so do the stored ones. Undefined where the sizes do not fit together.
 */
export function alignedForBroadcast(builder: NetworkBuilder, features: readonly Feature[]): Aligned | undefined {
  const sizes = broadcastSizes(features.map(logicalShape));
  if (!sizes) return undefined;
  const whole = features.find((feature) => sameSizes(logicalShape(feature), sizes));
  const order = sizes.length === 3 ? [1, 2, 0] : sizes.map((_, axis) => axis);
  const shared = withAtomsOf(whole?.layout ?? orderedLayout(sizes, order), features);
  if (!shared) return alignedForBroadcast(builder, features.map((feature) => builder.refreshed(feature)));
  const { reference } = shared;
  const held = shared.features.map(({ layout }) => new Set(layout.physical.flat()));
  const divides = reference.physical.every((axis) =>
    held.every((atoms) => axis.every((atom) => atoms.has(atom)) || !axis.some((atom) => atoms.has(atom))),
  );
  const physical = divides
    ? reference.physical
    : storageOrder({ layout: reference }).map((axis) => reference.logical[axis]);
  const stored = shared.features.map((feature, k) => {
    const wanted = physical.map((axis) => (axis.every((atom) => held[k].has(atom)) ? axis : []));
    const fits = sameAxes(withoutLeadingOnes(feature.layout.physical), withoutLeadingOnes(wanted));
    return fits ? feature : builder.arranged(feature, wanted);
  });
  const rank = Math.max(...stored.map(({ layout }) => layout.physical.length));
  const ones = Array.from({ length: Math.max(0, rank - physical.length) }, (): Axis => []);
  const kept = physical.slice(Math.max(0, physical.length - rank));
  return { features: stored, layout: { logical: reference.logical, physical: [...ones, ...kept] } };
}

/**
 * Stores values alike for joining them along the logical axis `axis`, which becomes a stored axis
 * of its own (`storedAxis`). Undefined where the other axes differ.
 */
export function alignedForConcat(
  builder: NetworkBuilder,
  features: readonly Feature[],
  axis: number,
): (Aligned & { readonly storedAxis: number }) | undefined {
  const shapes = features.map(logicalShape);
  const total = shapes.reduce((sum, shape) => sum + shape[axis], 0);
  if (shapes.some((shape) => !sameSizes(shape.with(axis, total), shapes[0].with(axis, total)))) return undefined;
  const order = storageOrder(features[0]);
  const stored = features.map((feature) =>
    builder.arranged(feature, order.map((k) => feature.layout.logical[k])),
  );
  return { features: stored, layout: orderedLayout(shapes[0].with(axis, total), order), storedAxis: order.indexOf(axis) };
}

/** The values with the atoms of `reference`, which may have to be divided for that. */
function withAtomsOf(
  reference: Layout,
  features: readonly Feature[],
): { readonly reference: Layout; readonly features: readonly Feature[] } | undefined {
  let divided = reference;
  for (const { layout } of features) {
    const shared = withSharedAtoms(divided, layout);
    if (!shared) return undefined;
    [divided] = shared;
  }
  const renamed: Feature[] = [];
  for (const feature of features) {
    const shared = withSharedAtoms(divided, feature.layout);
    if (!shared) return undefined;
    renamed.push({ ...feature, layout: shared[1] });
  }
  return { reference: divided, features: renamed };
}

/** The shape that shapes broadcast to, axes aligned from the last on; undefined where they do not fit. */
export function broadcastSizes(shapes: readonly (readonly number[])[]): readonly number[] | undefined {
  const rank = Math.max(...shapes.map((shape) => shape.length));
  const sizes = Array.from({ length: rank }, (_, axis) =>
    Math.max(...shapes.map((shape) => shape[axis - rank + shape.length] ?? 1)),
  );
  const fits = shapes.every((shape) => shape.every((size, axis) => size === 1 || size === sizes[axis + rank - shape.length]));
  return fits ? sizes : undefined;
}

function sameSizes(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((size, k) => size === b[k]);
}

function withoutLeadingOnes(axes: readonly Axis[]): readonly Axis[] {
  const first = axes.findIndex((axis) => axis.length > 0);
  return first < 0 ? [] : axes.slice(first);
}

