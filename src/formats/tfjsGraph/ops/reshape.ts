import type { Shape } from '../../../network/network.ts';
import type { OpCall, OpReaders } from '../opCall.ts';
import { constant, count, type Feature, type Size, type Value } from '../values.ts';

/** Ops that lay the same values out anew, and those that tell a layout. */
export const reshapes: OpReaders = {
  Shape: (call) => {
    const sizes = sizesOf(call.input(0));
    return constant([sizes.length], sizes);
  },
  Reshape: reshape,
  Squeeze: squeeze,
  ExpandDims: expandDims,
  Transpose: transpose,
};

/** The sizes of a tensor's axes as the graph sees them. */
function sizesOf(value: Value): readonly Size[] {
  if (value.kind === 'constant') return value.shape;
  const { shape, rows } = value;
  return rows ? [{ batches: count(shape.slice(0, -1)) }, shape[shape.length - 1]] : [{ batches: 1 }, ...shape];
}

function reshape(call: OpCall): Feature {
  const x = call.feature2d(0);
  const sizes = Array.from<Size>(call.constant(1).values);
  const [first, ...rest] = sizes;
  const batches = typeof first === 'number' ? (first === -1 ? undefined : first / call.batch) : first?.batches;
  const others = rest.map(Number);
  const whole = resolved(others, count(x.shape), batches !== undefined);
  if (whole && (batches === undefined || batches === 1)) return laidOut(call, x, whole);

  const last = x.shape[x.shape.length - 1];
  const lead = count(x.shape.slice(0, -1));
  const keepsRows = others.length === 1 && (others[0] === last || (others[0] === -1 && batches === lead));
  if (keepsRows && (batches === undefined || batches === lead)) return { ...x, rows: true };
  throw call.refusal(
    `turns [batch, ${x.shape.join(', ')}] into [${sizes.map(described).join(', ')}], which does not keep the pictures apart.`,
  );
}

function described(size: Size): string {
  return typeof size === 'number' ? String(size) : `${size.batches} · batch`;
}

/** `sizes` with −1, where one is allowed, replaced so that they multiply to `total`; undefined where they cannot. */
function resolved(sizes: readonly number[], total: number, freeAllowed: boolean): Shape | undefined {
  const free = sizes.indexOf(-1);
  const shape = free >= 0 && freeAllowed ? sizes.with(free, total / -count(sizes)) : sizes;
  return shape.every((size) => Number.isSafeInteger(size) && size > 0) && count(shape) === total ? shape : undefined;
}

/** `x` as `[batch, …shape]`. */
function laidOut(call: OpCall, x: Feature, shape: Shape): Feature {
  const whole = { ...x, rows: false };
  if (shape.length === x.shape.length && shape.every((size, axis) => size === x.shape[axis])) return whole;
  return shape.length === 1 ? call.emit('flatten', [whole], {}, {}) : call.emit('reshape', [whole], { shape }, {});
}

function squeeze(call: OpCall): Value {
  const x = call.feature(0);
  const rank = x.shape.length + 1;
  const named = call.attributes.integers('squeeze_dims') ?? call.attributes.integers('axis') ?? [];
  const axes = named.map((axis) => (axis < 0 ? axis + rank : axis));
  if (axes.includes(0)) throw call.refusal('removes the batch axis; the lab feeds any number of pictures.');
  for (const axis of axes) {
    if (x.shape[axis - 1] !== 1) throw call.refusal(`axis ${axis} of [batch, ${x.shape.join(', ')}] is not of size 1.`);
  }
  const shape = x.shape.filter((size, at) => (axes.length > 0 ? !axes.includes(at + 1) : size !== 1));
  return laidOut(call, x, shape.length > 0 ? shape : [1]);
}

function expandDims(call: OpCall): Feature {
  const x = call.feature(0);
  const rank = x.shape.length + 1;
  const given = call.integer(1);
  const axis = given < 0 ? given + rank + 1 : given;
  if (axis < 1 || axis > rank) throw call.refusal(`cannot add axis ${given} to [batch, ${x.shape.join(', ')}].`);
  return laidOut(call, x, x.shape.toSpliced(axis - 1, 0, 1));
}

function transpose(call: OpCall): Feature {
  const x = call.feature(0);
  const rank = x.shape.length + 1;
  const perm = call.integers(1).map((axis) => (axis < 0 ? axis + rank : axis));
  if (perm.toSorted((a, b) => a - b).join() !== Array.from({ length: rank }, (_, axis) => axis).join()) {
    throw call.refusal(`[${perm.join(', ')}] does not order the axes of [batch, ${x.shape.join(', ')}].`);
  }
  if (perm[0] !== 0) throw call.refusal(`moves the batch axis ([${perm.join(', ')}]), which would have to be supported.`);
  const order = perm.slice(1).map((axis) => axis - 1);
  return order.every((axis, at) => axis === at) ? x : call.emit('permute', [x], { order }, {});
}

