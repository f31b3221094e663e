import type { Border } from '../../../network/network.ts';
import type { OpCall, OpReaders } from '../opCall.ts';
import type { Feature } from '../values.ts';
import { axisSlices } from './stridedSlice.ts';

/** Ops that take layers apart, join them, or add a border. */
export const slicings: OpReaders = {
  ConcatV2: concat,
  Split: (call) => {
    const x = call.feature(1);
    const axis = sampleAxis(call, call.integer(0), x);
    const parts = call.attributes.number('num_split', 1);
    const size = x.shape[axis] / parts;
    if (!Number.isInteger(size) || size < 1) throw call.refusal(`${parts} parts do not divide ${x.shape[axis]}.`);
    return split(call, x, axis, Array.from({ length: parts }, () => size));
  },
  SplitV: (call) => {
    const x = call.feature(0);
    const axis = sampleAxis(call, call.integer(2), x);
    const given = call.integers(1);
    const rest = x.shape[axis] - given.filter((size) => size !== -1).reduce((total, size) => total + size, 0);
    return split(call, x, axis, given.map((size) => (size === -1 ? rest : size)));
  },
  Slice: slice,
  StridedSlice: stridedSlice,
  Pad: (call) => pad(call),
  PadV2: (call) => {
    const [value] = Array.from(call.numbers(2));
    if (value !== 0) throw call.refusal(`pads with ${value}; only zeros are supported.`);
    return pad(call);
  },
  MirrorPad: (call) => {
    throw call.refusal('pads with mirrored pixels, which would have to be supported; only zeros are.');
  },
};

/** An axis of the graph's tensor as an axis of one sample. */
function sampleAxis(call: OpCall, axis: number, { shape }: Feature): number {
  const own = axis < 0 ? axis + shape.length : axis - 1;
  if (own < 0 || own >= shape.length) {
    throw call.refusal(`works along axis ${axis} of [batch, ${shape.join(', ')}]; it must be one of the sample's own.`);
  }
  return own;
}

function concat(call: OpCall): Feature {
  const features = call.inputs.slice(0, -1).map((_, at) => call.feature(at));
  const axis = sampleAxis(call, call.integer(features.length), call.feature(0));
  return features.length === 1 ? features[0] : call.emit('concat', features, { axis }, {});
}

function split(call: OpCall, x: Feature, axis: number, sizes: readonly number[]): readonly Feature[] {
  if (sizes.reduce((total, size) => total + size, 0) !== x.shape[axis]) {
    throw call.refusal(`parts of [${sizes.join(', ')}] do not make up the ${x.shape[axis]} along axis ${axis + 1}.`);
  }
  let start = 0;
  return sizes.map((size, part) => {
    const made = run(call, x, axis, start, size, part > 0 ? `:${part}` : '');
    start += size;
    return made;
  });
}

function slice(call: OpCall): Feature {
  const x = call.feature(0);
  const [begin, size] = [call.integers(1), call.integers(2)];
  if (begin.length !== x.shape.length + 1 || size.length !== begin.length) {
    throw call.refusal(`begin and size do not fit [batch, ${x.shape.join(', ')}].`);
  }
  if (begin[0] !== 0 || (size[0] !== -1 && size[0] !== call.batch)) {
    throw call.refusal('picks some of the pictures; the batch axis must stay whole.');
  }
  return x.shape.reduce<Feature>((cut, whole, axis) => {
    const start = begin[axis + 1];
    return run(call, cut, axis, start, size[axis + 1] === -1 ? whole - start : size[axis + 1], axisSuffix(cut, x, axis));
  }, x);
}

function stridedSlice(call: OpCall): Feature {
  const x = call.feature(0);
  const slices = axisSlices(call, [{ batches: 1 }, ...x.shape]);
  if (slices[0].kind !== 'whole') throw call.refusal('adds an axis before the batch axis.');
  let cut = x;
  const shape: number[] = [];
  for (const part of slices.slice(1)) {
    if (part.kind === 'run') {
      if (part.stride !== 1) throw call.refusal(`takes every ${part.stride}th index, which would have to be supported; only runs are.`);
      cut = run(call, cut, part.axis - 1, part.start, part.size, axisSuffix(cut, x, part.axis - 1));
    }
    if (part.kind === 'new') shape.push(1);
    if (part.kind === 'run' && !part.shrink) shape.push(part.size);
  }
  const same = shape.length === cut.shape.length && shape.every((size, axis) => size === cut.shape[axis]);
  return same || shape.length === 0 ? cut : call.emit('reshape', [cut], { shape }, {}, '_reshaped');
}

/** Only the first node that a slice along several axes becomes is called like the graph's. */
function axisSuffix(cut: Feature, x: Feature, axis: number): string {
  return cut === x ? '' : `_axis${axis + 1}`;
}

/** `x` itself where the run is the whole axis. */
function run(call: OpCall, x: Feature, axis: number, start: number, size: number, suffix: string): Feature {
  return start === 0 && size === x.shape[axis] ? x : call.emit('slice', [x], { axis, start, size }, {}, suffix);
}

function pad(call: OpCall): Feature {
  const x = call.picture(0);
  const numbers = call.integers(1);
  if (numbers.length !== 8 || numbers[0] !== 0 || numbers[1] !== 0 || numbers.some((zeros) => zeros < 0)) {
    throw call.refusal(`must pad height, width and channels, and those not by less than nothing; found [${numbers.join(', ')}].`);
  }
  const padding: Border = [[numbers[2], numbers[3]], [numbers[4], numbers[5]]];
  const bordered = padding.flat().every((zeros) => zeros === 0) ? x : call.emit('zeroPad2d', [x], { padding }, {});
  const parts = [...zeroChannels(call, bordered, numbers[6]), bordered, ...zeroChannels(call, bordered, numbers[7])];
  return parts.length === 1 ? bordered : call.emit('concat', parts, { axis: 2 }, {}, '_channels');
}

/** Channels of zeros, as parts of `x` times 0: the lab has no layer that computes nothing of the picture. */
function zeroChannels(call: OpCall, x: Feature, zeros: number): readonly Feature[] {
  const parts: Feature[] = [];
  for (let left = zeros; left > 0; left -= x.shape[2]) {
    if (parts.length > MOST_ZERO_PARTS) throw call.refusal(`adds ${zeros} channels of zeros to ${x.shape[2]}.`);
    const part = run(call, x, 2, 0, Math.min(left, x.shape[2]), '_part');
    parts.push(call.emit('rescaling', [part], { scale: 0, offset: 0 }, {}, '_zeros'));
  }
  return parts;
}

const MOST_ZERO_PARTS = 16;
