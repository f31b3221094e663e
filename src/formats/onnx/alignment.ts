import { axisSizes, orderedLayout, sameAtoms, sameAxes, withSharedAtoms, type Axis, type Layout } from './axisLayout.ts';

/** A value somewhere in a graph. */
export interface Placed {
  readonly layout: Layout;
}

/** A graph that can store a value with other axes. */
export interface Mover<V extends Placed> {
  /** The order in which the three logical axes of a picture are stored where nothing decides otherwise. */
  readonly pictureOrder: readonly [number, number, number];
  /** Whether values of fewer stored axes need leading axes of 1 to be joined with others. */
  readonly needsLeadingOnes: boolean;
  /** The same value stored with the axes `physical`. */
  arranged(value: V, physical: readonly Axis[]): V;
}

/** Values stored so that an op joins them, and the layout of what it makes. */
export interface Aligned<V extends Placed> {
  readonly values: readonly V[];
  readonly layout: Layout;
}

/** The order of logical axes in which a value can be stored with the least to move. */
export function storageOrder({ logical, physical }: Layout, pictureOrder: readonly number[]): readonly number[] {
  const stored = physical.flat();
  const identity = logical.map((_, axis) => axis);
  const preferred = logical.length === 3 ? pictureOrder : identity;
  const place = new Map(stored.map((atom, k) => [atom, k]));
  const firstPlace = (axis: number): number => (logical[axis].length === 0 ? -1 : (place.get(logical[axis][0]) ?? -1));
  const byPlace = identity.toSorted((a, b) => firstPlace(a) - firstPlace(b));
  const fits = (order: readonly number[]): boolean => sameAtoms(order.flatMap((axis) => logical[axis]), stored);
  return [preferred, identity, byPlace].find(fits) ?? preferred;
}

/** The value stored so that each stored axis is one logical axis, with the least to move. */
export function separated<V extends Placed>(mover: Mover<V>, value: V): V {
  return mover.arranged(value, storageOrder(value.layout, mover.pictureOrder).map((axis) => value.layout.logical[axis]));
}

/**
 * The value with the atoms of logical axes `axes`, and no others, along its last stored axis, in
 * the order in which they are stored already; a value of no other axes becomes a vector.
 */
export function withLastAxis<V extends Placed>(mover: Mover<V>, value: V, axes: readonly number[]): V {
  const { logical, physical } = value.layout;
  const wanted = new Set(axes.flatMap((axis) => logical[axis]));
  const last = physical.flat().filter((atom) => wanted.has(atom));
  const vector = axes.length === logical.length;
  if (!vector && physical.length > 0 && sameAtoms(physical[physical.length - 1], last)) return value;
  const others = physical.map((axis) => axis.filter((atom) => !wanted.has(atom))).filter((axis) => axis.length > 0);
  return mover.arranged(value, [...(vector ? [] : others), last]);
}

/**
 * Stores values alike for an elementwise op that aligns logical axes from the last on. Undefined
 * where the sizes do not fit together.
 */
export function alignedForBroadcast<V extends Placed>(mover: Mover<V>, values: readonly V[]): Aligned<V> | undefined {
  const sizes = broadcastSizes(values.map(logicalSizes));
  if (!sizes) return undefined;
  const whole = values.find((value) => sameSizes(logicalSizes(value), sizes));
  const order = sizes.length === 3 ? mover.pictureOrder : sizes.map((_, axis) => axis);
  const shared = withAtomsOf(whole?.layout ?? orderedLayout(sizes, order), values);
  if (!shared) return alignedForBroadcast(mover, values.map((value) => refreshed(mover, value)));
  const { reference } = shared;
  const held = shared.values.map(({ layout }) => new Set(layout.physical.flat()));
  const divides = reference.physical.every((axis) =>
    held.every((atoms) => axis.every((atom) => atoms.has(atom)) || !axis.some((atom) => atoms.has(atom))),
  );
  const physical = divides
    ? reference.physical
    : storageOrder(reference, mover.pictureOrder).map((axis) => reference.logical[axis]);
  const stored = shared.values.map((value, k) => {
    const wanted = physical.map((axis) => (axis.every((atom) => held[k].has(atom)) ? axis : []));
    const fits = !mover.needsLeadingOnes && sameAxes(withoutLeadingOnes(value.layout.physical), withoutLeadingOnes(wanted));
    return fits ? value : mover.arranged(value, wanted);
  });
  const rank = Math.max(...stored.map(({ layout }) => layout.physical.length));
  const ones = Array.from({ length: Math.max(0, rank - physical.length) }, (): Axis => []);
  const kept = physical.slice(Math.max(0, physical.length - rank));
  return { values: stored, layout: { logical: reference.logical, physical: [...ones, ...kept] } };
}

/**
 * Stores values alike for joining them along the logical axis `axis`, which becomes a stored axis
 * of its own (`storedAxis`). Undefined where the other axes differ.
 */
export function alignedForConcat<V extends Placed>(
  mover: Mover<V>,
  values: readonly V[],
  axis: number,
): (Aligned<V> & { readonly storedAxis: number }) | undefined {
  const shapes = values.map(logicalSizes);
  const sizes = shapes[0].with(axis, shapes.reduce((sum, shape) => sum + shape[axis], 0));
  if (shapes.some((shape) => shape.length !== sizes.length || !sameSizes(shape.with(axis, sizes[axis]), sizes))) return undefined;
  const order = storageOrder(values[0].layout, mover.pictureOrder);
  const stored = values.map((value) => mover.arranged(value, order.map((k) => value.layout.logical[k])));
  return { values: stored, layout: orderedLayout(sizes, order, channelAxes(values[0].layout)), storedAxis: order.indexOf(axis) };
}

/** The value, separated, its axes no longer known to be related to those of other values. */
function refreshed<V extends Placed>(mover: Mover<V>, value: V): V {
  const order = storageOrder(value.layout, mover.pictureOrder);
  return { ...separated(mover, value), layout: orderedLayout(logicalSizes(value), order, channelAxes(value.layout)) };
}

/** The logical axes of channels alone. */
function channelAxes({ logical }: Layout): readonly number[] {
  return logical.flatMap((axis, k) => (axis.length > 0 && axis.every(({ channel }) => channel) ? [k] : []));
}

/** The values with the atoms of `reference`, which may have to be divided for that. */
function withAtomsOf<V extends Placed>(
  reference: Layout,
  values: readonly V[],
): { readonly reference: Layout; readonly values: readonly V[] } | undefined {
  let divided = reference;
  for (const { layout } of values) {
    const shared = withSharedAtoms(divided, layout);
    if (!shared) return undefined;
    [divided] = shared;
  }
  const renamed: V[] = [];
  for (const value of values) {
    const shared = withSharedAtoms(divided, value.layout);
    if (!shared) return undefined;
    renamed.push({ ...value, layout: shared[1] });
  }
  return { reference: divided, values: renamed };
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

/** Sizes of a value's logical axes. */
export function logicalSizes({ layout }: Placed): readonly number[] {
  return axisSizes(layout.logical);
}

function sameSizes(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((size, k) => size === b[k]);
}

function withoutLeadingOnes(axes: readonly Axis[]): readonly Axis[] {
  const first = axes.findIndex((axis) => axis.length > 0);
  return first < 0 ? [] : axes.slice(first);
}
