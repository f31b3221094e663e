import type { Pair, ResizeCoordinates } from '../../../../network/network.ts';
import { axisSizes } from '../../axisLayout.ts';
import { nearestPixel } from '../../nearestPixel.ts';
import type { OperatorCall } from '../operatorCall.ts';
import { featureOf, pictureLayout, type Feature } from '../value.ts';
import type { OperatorReader } from './operatorReader.ts';

interface ResizedAxis {
  readonly from: number;
  readonly to: number;
  /** The file's own factor, which need not be `to / from`. */
  readonly scale: number;
}

const COORDINATES = ['halfPixel', 'asymmetric', 'alignCorners'] as const;

/** Greatest difference, in input pixels, between two places that are taken for the same. */
const SAME_PLACE = 1e-4;

/** Upsample, until opset 9: as a Resize of opset 10. */
export const readUpsample: OperatorReader = (call) => {
  const mode = call.requireString('mode', 'nearest', 'nearest', 'linear');
  return resized(call, scaledAxes(call, 1), mode, 'asymmetric', 'floor');
};

/**
 * Resize by factors or to sizes. Whatever rules of coordinates and rounding the file asks for, the
 * places that they give are compared, pixel by pixel, with those of the lab's.
 */
export const readResize: OperatorReader = (call) => {
  const mode = call.requireString('mode', 'nearest', 'nearest', 'linear');
  if (call.opset < 11) return resized(call, scaledAxes(call, 1), mode, 'asymmetric', 'floor');
  const coordinates = call.string('coordinate_transformation_mode', 'half_pixel');
  const nearest = call.string('nearest_mode', 'round_prefer_floor');
  call.value(1); // the region of interest is for crops only
  call.float('cubic_coeff_a', 0);
  call.float('extrapolation_value', 0);
  call.int('exclude_outside');
  call.requireInt('antialias', 0, 0);
  call.requireString('keep_aspect_ratio_policy', 'stretch', 'stretch');
  const sized = (call.optionalConstant(3)?.values.length ?? 0) > 0;
  if (sized && call.optionalConstant(2)?.values.length) call.refuse('it has both scales and sizes.');
  const axes = sized ? sizedAxes(call) : scaledAxes(call, 2);
  return resized(call, axes, mode, coordinates, nearest);
};

function scaledAxes(call: OperatorCall, k: number): readonly ResizedAxis[] {
  const scales = [...call.constant(k).values];
  const input = inputSizes(call);
  return resizedAxes(call, scales).map((scale, axis) => ({ from: input[axis], to: Math.floor(input[axis] * scale + 1e-6), scale }));
}

function sizedAxes(call: OperatorCall): readonly ResizedAxis[] {
  const input = inputSizes(call);
  const sizes = resizedAxes(call, call.optionalIntegers(3) ?? [], input);
  return sizes.map((to, axis) => ({ from: input[axis], to, scale: to / input[axis] }));
}

/** The two entries for rows and columns; those for the batch and the channels must change nothing. */
function resizedAxes(call: OperatorCall, entries: readonly number[], input?: readonly number[]): readonly number[] {
  const axes = call.ints('axes');
  if (axes ? axes.length === 2 && axes[0] === 2 && axes[1] === 3 && entries.length === 2 : false) return entries;
  if (axes || entries.length !== 4) call.refuse('it must resize the rows and columns of a picture.');
  const channels = input ? call.picture(call.feature(0)).layout.logical[0].reduce((n, { size }) => n * size, 1) : 1;
  const keepsBatch = input ? Number.isNaN(entries[0]) || entries[0] === call.batch : entries[0] === 1;
  if (!keepsBatch || entries[1] !== channels) call.refuse(`it may only resize rows and columns, found [${entries.join(', ')}].`);
  return entries.slice(2);
}

function inputSizes(call: OperatorCall): readonly number[] {
  return axisSizes(call.picture(call.feature(0)).layout.physical).slice(0, 2);
}

function resized(call: OperatorCall, axes: readonly ResizedAxis[], mode: 'nearest' | 'linear', rule: string, rounding: string): readonly [Feature] {
  const x = call.picture(call.feature(0));
  if (axes.some(({ to }) => !Number.isSafeInteger(to) || to < 1 || to > 2 ** 16)) {
    call.refuse(`it would make a picture of ${axes.map(({ to }) => to).join(' × ')}.`);
  }
  const source = coordinateRules.get(rule) ?? call.refuse(`its coordinate_transformation_mode must be ${[...coordinateRules.keys()].join(', ')}, found "${rule}".`);
  const round = roundings.get(rounding) ?? call.refuse(`its nearest_mode must be ${[...roundings.keys()].join(', ')}, found "${rounding}".`);
  const same = (coordinates: ResizeCoordinates): boolean => axes.every((axis) => {
    for (let o = 0; o < axis.to; o++) {
      const [theirs, ours] = mode === 'nearest'
        ? [clamp(round(source(o, axis)), axis), nearestPixel(o, axis.from, axis.to, coordinates)]
        : [clamp(source(o, axis), axis), clamp(place(coordinates, o, axis), axis)];
      if (Math.abs(theirs - ours) > SAME_PLACE) return false;
    }
    return true;
  });
  const coordinates = COORDINATES.find(same) ??
    call.refuse(`its pixels (${rule}${mode === 'nearest' ? `, ${rounding}` : ''}) lie elsewhere than any supported resize puts them.`);
  const [rows, columns] = axes;
  const interpolation = mode === 'nearest' ? 'nearest' : 'bilinear';
  const shape = call.emit('resize2d', [x.node], { size: [rows.to, columns.to], interpolation, coordinates }, {});
  return [featureOf(call.id, pictureLayout(shape))];
}

/**
 * The nearest resize of one logical axis, 1 or 2 of a picture, that takes these pixels; undefined
 * where there is none.
 */
export function resizedByPixels(call: OperatorCall, given: Feature, axis: number, pixels: readonly number[]): Feature | undefined {
  if (given.layout.logical.length !== 3 || axis === 0) return undefined;
  const x = call.picture(given);
  const sizes = axisSizes(x.layout.physical);
  const from = sizes[axis - 1];
  const coordinates = COORDINATES.find((rule) => pixels.every((pixel, o) => pixel === nearestPixel(o, from, pixels.length, rule)));
  if (!coordinates) return undefined;
  const size: Pair = axis === 1 ? [pixels.length, sizes[1]] : [sizes[0], pixels.length];
  const shape = call.emit('resize2d', [x.node], { size, interpolation: 'nearest', coordinates }, {});
  return featureOf(call.id, pictureLayout(shape));
}

/** Where output pixel o lies in the input, by the file's rules. */
const coordinateRules: ReadonlyMap<string, (o: number, axis: ResizedAxis) => number> = new Map([
  ['half_pixel', (o: number, { scale }: ResizedAxis) => (o + 0.5) / scale - 0.5],
  ['pytorch_half_pixel', (o: number, { to, scale }: ResizedAxis) => (to > 1 ? (o + 0.5) / scale - 0.5 : 0)],
  ['asymmetric', (o: number, { scale }: ResizedAxis) => o / scale],
  ['align_corners', (o: number, { from, to }: ResizedAxis) => (to > 1 ? (o * (from - 1)) / (to - 1) : 0)],
]);

/** A place that is a whole or half number but for a rounding error counts as one. */
const roundings: ReadonlyMap<string, (place: number) => number> = new Map([
  ['floor', (place: number) => Math.floor(place + 1e-6)],
  ['ceil', (place: number) => Math.ceil(place - 1e-6)],
  ['round_prefer_floor', (place: number) => Math.ceil(place - 0.5 - 1e-6)],
  ['round_prefer_ceil', (place: number) => Math.floor(place + 0.5 + 1e-6)],
]);

/** Where output pixel o lies in the input, by the lab's rules. */
function place(coordinates: ResizeCoordinates, o: number, { from, to }: ResizedAxis): number {
  switch (coordinates) {
    case 'halfPixel':
      return ((o + 0.5) * from) / to - 0.5;
    case 'asymmetric':
      return (o * from) / to;
    case 'alignCorners':
      return to > 1 ? (o * (from - 1)) / (to - 1) : 0;
  }
}

function clamp(place: number, { from }: ResizedAxis): number {
  return Math.min(from - 1, Math.max(0, place));
}
