import type { Border, Padding, Pair } from '../../../../network/network.ts';
import { sameBorder, windowExtent } from '../../border.ts';
import type { OperatorCall } from '../operatorCall.ts';
import { pairAttribute } from './weights.ts';

/** How a window slides over the rows and columns of a picture. */
export interface SlidingWindow {
  readonly size: Pair;
  readonly strides: Pair;
  readonly dilations: Pair;
  readonly border: Border;
}

const NO_BORDER: Border = [[0, 0], [0, 0]];

/** The window of a convolution or pool over `input`, `[rows, columns]`; `auto_pad` resolved to a border. */
export function readWindow(call: OperatorCall, size: Pair, input: Pair): SlidingWindow {
  const strides = positivePair(call, 'strides');
  const dilations = positivePair(call, 'dilations');
  const extent = windowExtent({ size, dilations });
  const auto = call.requireString('auto_pad', 'NOTSET', 'NOTSET', 'VALID', 'SAME_UPPER', 'SAME_LOWER');
  const pads = call.ints('pads');
  if (auto === 'NOTSET') return { size, strides, dilations, border: borderOf(call, pads) };
  if (pads?.some((rows) => rows !== 0)) call.refuse('it has both auto_pad and pads.');
  if (auto === 'VALID') return { size, strides, dilations, border: NO_BORDER };
  const [rows, columns] = sameBorder(input, extent, strides);
  const border: Border = auto === 'SAME_UPPER' ? [rows, columns] : [[rows[1], rows[0]], [columns[1], columns[0]]];
  return { size, strides, dilations, border };
}

/** `[top, left, bottom, right]` of an attribute as rows and columns; absent means none. */
export function borderOf(call: OperatorCall, pads: readonly number[] | undefined): Border {
  if (!pads) return NO_BORDER;
  if (pads.length !== 4 || pads.some((rows) => !Number.isInteger(rows) || rows < 0)) {
    call.refuse(`its pads must be four whole numbers from 0 up, found [${pads.join(', ')}]: only two-dimensional pictures are supported.`);
  }
  const [top, left, bottom, right] = pads;
  return [[top, bottom], [left, right]];
}

export function positivePair(call: OperatorCall, name: string): Pair {
  const pair = pairAttribute(call, name, [1, 1]);
  if (pair.some((value) => !Number.isInteger(value) || value < 1)) call.refuse(`its ${name} must be from 1 up, found [${pair.join(', ')}].`);
  return pair;
}

/** The shortest name of a border: `valid`, `same`, or itself. */
export function paddingOf({ border, strides, ...window }: SlidingWindow, input: Pair): Padding {
  if (sameBorders(border, NO_BORDER)) return 'valid';
  return sameBorders(border, sameBorder(input, windowExtent(window), strides)) ? 'same' : border;
}

function sameBorders(a: Border, b: Border): boolean {
  return a.flat().every((rows, k) => rows === b.flat()[k]);
}
