import type { Border, Pair } from '../../../../network/network.ts';
import { alignedForConcat, logicalSizes, separated } from '../../alignment.ts';
import { axisSize, newAxis, sameAtoms } from '../../axisLayout.ts';
import type { OperatorCall } from '../operatorCall.ts';
import { featureOf, pictureLayout, type Feature } from '../value.ts';
import type { OperatorReader } from './operatorReader.ts';
import { resizedByPixels } from './resize.ts';

export const readConcat: OperatorReader = (call) => {
  const features = Array.from({ length: call.inputCount }, (_, k) => call.feature(k));
  const rank = features[0].layout.logical.length;
  const axis = call.logicalAxis(call.int('axis') ?? call.refuse('its axis is missing.'), rank);
  if (features.length === 1) return [{ ...features[0], name: call.id }];
  const aligned = alignedForConcat(call.builder, features, axis);
  if (!aligned) {
    const shapes = features.map((feature) => `[batch, ${logicalSizes(feature).join(', ')}]`).join(' and ');
    return call.refuse(`values of ${shapes} cannot be joined along axis ${axis + 1}.`);
  }
  call.emit('concat', aligned.values.map(({ node }) => node), { axis: aligned.storedAxis }, {});
  return [featureOf(call.id, aligned.layout)];
};

/** Each part becomes a slice, called by its tensor's name. */
export const readSplit: OperatorReader = (call) => {
  const x = call.feature(0);
  const axis = call.logicalAxis(call.int('axis', 0), x.layout.logical.length);
  const total = axisSize(x.layout.logical[axis]);
  const parts = call.outputs.length;
  call.requireInt('num_outputs', parts, parts);
  const even = Math.ceil(total / parts);
  const sizes = call.ints('split') ?? call.optionalIntegers(1) ??
    Array.from({ length: parts }, (_, k) => Math.min(even, total - k * even));
  if (sizes.length !== parts || sizes.some((size) => size < 1) || sizes.reduce((sum, size) => sum + size, 0) !== total) {
    call.refuse(`parts of [${sizes.join(', ')}] do not divide an axis of ${total}.`);
  }
  let start = 0;
  return sizes.map((size, k) => {
    const part = sliced(call, x, axis, start, size, call.builder.uniqueId(call.outputs[k] || `${call.id}_${k}`));
    start += size;
    return part;
  });
};

/** Slices of whole runs; their bounds are attributes before opset 10, inputs since. */
export const readSlice: OperatorReader = (call) => {
  let x = call.feature(0);
  const sizes = logicalSizes(x);
  const starts = call.ints('starts') ?? call.optionalIntegers(1) ?? call.refuse('its starts are missing.');
  const ends = call.ints('ends') ?? call.optionalIntegers(2) ?? call.refuse('its ends are missing.');
  const axes = call.ints('axes') ?? call.optionalIntegers(3) ?? starts.map((_, k) => k);
  const steps = call.optionalIntegers(4) ?? starts.map(() => 1);
  if (ends.length !== starts.length || axes.length !== starts.length || steps.length !== starts.length) {
    call.refuse('its starts, ends, axes and steps must be equally many.');
  }
  const cuts = axes.flatMap((stated, k) => {
    const size = stated === 0 || stated === -sizes.length - 1 ? Number.POSITIVE_INFINITY : sizes[call.logicalAxis(stated, sizes.length)];
    const bound = (at: number): number => Math.min(size, Math.max(0, at < 0 ? at + size : at));
    const [start, end] = [bound(starts[k]), bound(ends[k] >= 2 ** 31 - 1 ? Number.POSITIVE_INFINITY : ends[k])];
    if (steps[k] === 1 && start === 0 && end === size) return [];
    if (steps[k] !== 1) call.refuse(`its steps must be 1, found ${steps[k]}.`);
    if (!(end > start)) call.refuse(`it takes nothing, from ${starts[k]} to ${ends[k]}, of an axis of ${size}.`);
    return [{ axis: call.logicalAxis(stated, sizes.length), start, size: end - start }];
  });
  if (cuts.length === 2 && sizes.length === 3 && cuts.every(({ axis }) => axis > 0)) {
    const sides = [1, 2].map((axis): Pair => {
      const { start, size } = cuts.find((cut) => cut.axis === axis) ?? { start: 0, size: sizes[axis] };
      return [start, sizes[axis] - start - size];
    });
    const shape = call.emit('crop2d', [call.picture(x).node], { cropping: [sides[0], sides[1]] }, {});
    return [featureOf(call.id, pictureLayout(shape))];
  }
  for (const [k, { axis, start, size }] of cuts.entries()) {
    x = sliced(call, x, axis, start, size, k === cuts.length - 1 ? call.id : call.auxiliaryId('part'));
  }
  return [cuts.length === 0 ? { ...x, name: call.id } : x];
};

/** One index, or a run of them, along an axis; or the pixels of a nearest resize. */
export const readGather: OperatorReader = (call) => {
  const x = call.feature(0);
  const { logical } = x.layout;
  const axis = call.logicalAxis(call.int('axis', 0), logical.length);
  const total = axisSize(logical[axis]);
  const { shape, values } = call.constant(1);
  const indices = [...values].map((index) => (index < 0 ? index + total : index));
  const [start] = indices;
  const resized = shape.length === 1 && !isRun(indices) ? resizedByPixels(call, x, axis, indices) : undefined;
  if (resized) return [resized];
  if (shape.length > 1 || indices.length === 0 || !isRun(indices) || start < 0 || start + indices.length > total) {
    call.refuse(`its indices must be a run of whole numbers within an axis of ${total}.`);
  }
  const part = sliced(call, x, axis, start, indices.length, call.id);
  return [shape.length === 1 ? part : { ...part, layout: { ...part.layout, logical: part.layout.logical.toSpliced(axis, 1) } }];
};

function isRun(indices: readonly number[]): boolean {
  return indices.every((index, k) => index === indices[0] + k);
}

/** A run of indices along a logical axis: rows and columns of a picture are cropped, else sliced. */
function sliced(call: OperatorCall, given: Feature, axis: number, start: number, size: number, id: string): Feature {
  const wanted = given.layout.logical[axis];
  if (size === axisSize(wanted)) return { ...given, name: id };
  const x = given.layout.physical.some((stored) => sameAtoms(stored, wanted)) ? given : separated(call.builder, given);
  const { logical, physical } = x.layout;
  const storedAxis = physical.findIndex((stored) => sameAtoms(stored, wanted));
  const total = axisSize(physical[storedAxis]);
  const isPicture = physical.length === 3 && logical.length === 3;
  if (isPicture && storedAxis < 2) {
    const cut = [start, total - start - size] as const;
    const cropping: Border = storedAxis === 0 ? [cut, [0, 0]] : [[0, 0], cut];
    call.emit('crop2d', [x.node], { cropping }, {}, id);
  } else {
    call.emit('slice', [x.node], { axis: storedAxis, start, size }, {}, id);
  }
  const made = newAxis(size, wanted.every(({ channel }) => channel));
  return featureOf(id, { logical: logical.with(axis, made), physical: physical.with(storedAxis, made) });
}

/** Rows and columns of zeros; negative ones take away. Pads are an attribute before opset 11, an input since. */
export const readPad: OperatorReader = (call) => {
  call.requireString('mode', 'constant', 'constant');
  const value = call.optionalScalar(2) ?? call.float('value', 0);
  const given = call.feature(0);
  const rank = given.layout.logical.length;
  const pads = call.ints('pads') ?? call.optionalIntegers(1) ?? call.refuse('its pads are missing.');
  const axes = call.optionalIntegers(3) ?? Array.from({ length: rank + 1 }, (_, axis) => axis);
  if (pads.length !== 2 * axes.length || pads.some((rows) => !Number.isInteger(rows))) {
    call.refuse(`its pads must be two whole numbers for each of ${axes.length} axes, found [${pads.join(', ')}].`);
  }
  const sides = axes.map((axis, k) => ({ axis, before: pads[k], after: pads[k + axes.length] }));
  const used = sides.filter(({ before, after }) => before !== 0 || after !== 0);
  if (used.length === 0) return [{ ...given, name: call.id }];
  if (value !== 0) call.refuse(`its constant_value must be 0, found ${value}.`);
  const x = call.picture(given);
  const logical = used.map(({ axis, ...side }) => ({ axis: call.logicalAxis(axis, rank), ...side }));
  if (logical.some(({ axis }) => axis === 0)) call.refuse('it pads channels; only rows and columns may be padded.');
  const border = [1, 2].map((axis) => {
    const side = logical.find((each) => each.axis === axis);
    return [side?.before ?? 0, side?.after ?? 0] as const;
  });
  const part = (keep: (rows: number) => number): Border => [
    [keep(border[0][0]), keep(border[0][1])],
    [keep(border[1][0]), keep(border[1][1])],
  ];
  const padding = part((rows) => Math.max(0, rows));
  const cropping = part((rows) => Math.max(0, -rows));
  const crops = cropping.flat().some((rows) => rows > 0);
  const pads2d = padding.flat().some((rows) => rows > 0);
  let from = x.node;
  let shape: readonly number[] = [];
  if (pads2d) {
    const id = crops ? call.auxiliaryId('pad') : call.id;
    shape = call.emit('zeroPad2d', [from], { padding }, {}, id);
    from = id;
  }
  if (crops) shape = call.emit('crop2d', [from], { cropping }, {});
  return [featureOf(call.id, pictureLayout(shape))];
};

