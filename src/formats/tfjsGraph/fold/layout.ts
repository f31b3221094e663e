import type { Shape } from '../../../network/network.ts';
import type { OpCall, OpReaders } from '../opCall.ts';
import { axisSlices } from '../ops/stridedSlice.ts';
import { constant, count, type Constant, type Size } from '../values.ts';

/** Reshaping, joining and picking of constants: what graphs do with shapes, and with weights before they use them. */
export const constantLayouts: OpReaders = {
  Reshape: reshape,
  Squeeze: squeeze,
  ExpandDims: (call) => {
    const { shape, values } = call.constant(0);
    const axis = call.integer(1);
    return constant(shape.toSpliced(axis < 0 ? axis + shape.length + 1 : axis, 0, 1), values);
  },
  Transpose: transpose,
  Pack: pack,
  ConcatV2: concat,
  GatherV2: gather,
  StridedSlice: stridedSlice,
  Slice: (call) => {
    const { shape } = call.constant(0);
    const [begin, size] = [call.integers(1), call.integers(2)];
    if (begin.length !== shape.length || size.length !== shape.length) throw call.refusal(`begin and size do not fit [${shape.join(', ')}].`);
    const ranges = shape.map((whole, axis) => ({ start: begin[axis], size: size[axis] === -1 ? whole - begin[axis] : size[axis], stride: 1 }));
    return picked(call, ranges);
  },
  Range: range,
  Fill: (call) => {
    const shape = call.integers(0);
    const [value] = call.numbers(1) as readonly number[];
    return constant(shape, new Float64Array(allowed(call, shape)).fill(value));
  },
};

function reshape(call: OpCall): Constant {
  const { shape, values } = call.constant(0);
  const given = call.integers(1);
  const free = given.indexOf(-1);
  const sizes = free >= 0 ? given.with(free, count(shape) / -count(given)) : given;
  if (count(sizes) !== count(shape) || !sizes.every((size) => Number.isSafeInteger(size) && size >= 0)) {
    throw call.refusal(`[${shape.join(', ')}] cannot become [${given.join(', ')}].`);
  }
  return constant(sizes, values);
}

function squeeze(call: OpCall): Constant {
  const { shape, values } = call.constant(0);
  const named = call.attributes.integers('squeeze_dims') ?? call.attributes.integers('axis') ?? [];
  const axes = named.map((axis) => (axis < 0 ? axis + shape.length : axis));
  return constant(shape.filter((size, axis) => size !== 1 || (axes.length > 0 && !axes.includes(axis))), values);
}

function transpose(call: OpCall): Constant {
  const { shape, values } = call.constant(0);
  const perm = call.integers(1);
  if (perm.toSorted((a, b) => a - b).some((axis, at) => axis !== at) || perm.length !== shape.length) {
    throw call.refusal(`[${perm.join(', ')}] does not order the axes of [${shape.join(', ')}].`);
  }
  const strides = stridesOf(shape);
  return rearranged(call, perm.map((axis) => shape[axis]), values, perm.map((axis) => strides[axis]), 0);
}

/** Joins along a new axis; of numbers and vectors alone, which is what shapes are made of. */
function pack(call: OpCall): Constant {
  const parts = call.inputs.map((_, at) => call.constant(at));
  if (parts.some(({ shape }) => shape.length > 0)) throw call.refusal('packs arrays; only single numbers are supported.');
  return constant([parts.length], parts.flatMap(({ values }) => Array.from<Size>(values)));
}

function concat(call: OpCall): Constant {
  const parts = call.inputs.slice(0, -1).map((_, at) => call.constant(at));
  if (parts.some(({ shape }) => shape.length !== 1)) throw call.refusal('joins constant arrays; only vectors are supported.');
  const values = parts.flatMap((part) => Array.from<Size>(part.values));
  call.builder.fold(values.length);
  return constant([values.length], values);
}

function gather(call: OpCall): Constant {
  const { shape, values } = call.constant(0);
  const indices = call.integers(1);
  if (shape.length !== 1) throw call.refusal('picks from a constant array; only from a vector is supported.');
  if (call.inputs.length > 2 && ![0, -1].includes(call.integer(2))) throw call.refusal(`picks along axis ${call.integer(2)} of a vector.`);
  call.builder.fold(indices.length);
  return constant(call.constant(1).shape, indices.map((index): Size => {
    if (index < 0 || index >= values.length) throw call.refusal(`index ${index} does not lie in ${values.length} values.`);
    return values[index];
  }));
}

function stridedSlice(call: OpCall): Constant {
  const slices = axisSlices(call, call.constant(0).shape);
  const runs = slices.filter((part) => part.kind === 'run');
  const cut = picked(call, runs);
  const shape = slices.flatMap((part) => {
    if (part.kind === 'run') return part.shrink ? [] : [part.size];
    return [1];
  });
  return constant(shape, cut.values);
}

function picked(call: OpCall, ranges: readonly { readonly start: number; readonly size: number; readonly stride: number }[]): Constant {
  const { shape, values } = call.constant(0);
  for (const [axis, { start, size, stride }] of ranges.entries()) {
    const last = start + (size - 1) * stride;
    if (size > 0 && (start < 0 || last < 0 || Math.max(start, last) >= shape[axis])) {
      throw call.refusal(`picks indices ${start} to ${last} along axis ${axis} of [${shape.join(', ')}].`);
    }
    if (size < 0) throw call.refusal(`picks ${size} indices along axis ${axis}.`);
  }
  const strides = stridesOf(shape);
  const first = ranges.reduce((sum, { start }, axis) => sum + start * strides[axis], 0);
  return rearranged(call, ranges.map(({ size }) => size), values, ranges.map(({ stride }, axis) => stride * strides[axis]), first);
}

/** The values at `first + Σ index · stride` for every index into `shape`, row-major. */
function rearranged(call: OpCall, shape: Shape, values: Constant['values'], strides: readonly number[], first: number): Constant {
  const total = allowed(call, shape);
  const from = (index: number): number => {
    let rest = index;
    let at = first;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      at += (rest % shape[axis]) * strides[axis];
      rest = Math.floor(rest / shape[axis]);
    }
    return at;
  };
  const made = Array.isArray(values)
    ? Array.from({ length: total }, (_, index) => (values as readonly Size[])[from(index)])
    : Float64Array.from({ length: total }, (_, index) => (values as Float64Array)[from(index)]);
  return constant(shape, made);
}

function range(call: OpCall): Constant {
  const [start, limit, delta] = [0, 1, 2].map((at) => call.integer(at));
  const length = Math.max(0, Math.ceil((limit - start) / delta));
  if (delta === 0) throw call.refusal('a range with a step of 0.');
  return constant([length], Float64Array.from({ length: allowed(call, [length]) }, (_, k) => start + k * delta));
}

/** Values of `shape`, once they have been counted against the limit on what is computed from constants. */
function allowed(call: OpCall, shape: Shape): number {
  if (!shape.every((size) => Number.isSafeInteger(size) && size >= 0)) throw call.refusal(`makes a constant of [${shape.join(', ')}].`);
  const total = count(shape);
  call.builder.fold(total);
  return total;
}

function stridesOf(shape: Shape): readonly number[] {
  return shape.map((_, axis) => count(shape.slice(axis + 1)));
}
