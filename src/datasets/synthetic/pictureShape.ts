import type { Shape } from '../../network/network.ts';

/** `[height, width, channels]` of pictures that can be made: 1 channel (grey) or 3 (RGB). */
export type MadeShape = readonly [number, number, 1 | 3];

/** Pictures of this shape cannot be made, or not in this number. */
export class SyntheticShapeError extends Error {
  override readonly name = 'SyntheticShapeError';
}

/** @throws SyntheticShapeError */
export function madeShape(shape: Shape): MadeShape {
  const [height, width, channels] = shape;
  const found = shape.join(' × ') || 'nothing';
  if (shape.length !== 3) {
    throw new SyntheticShapeError(`The network takes ${found}, not pictures; pictures are height × width × channels. Calibrate it with data of your own.`);
  }
  if (channels !== 1 && channels !== 3) {
    throw new SyntheticShapeError(`Pictures are made with 1 channel (grey) or 3 (RGB), but ${found} has ${channels}. Calibrate with pictures of your own.`);
  }
  if (![height, width].every((size) => Number.isInteger(size) && size >= 1 && size <= LARGEST_SIDE)) {
    throw new SyntheticShapeError(`Pictures of ${found} cannot be made: a side is a whole number from 1 to ${LARGEST_SIDE}.`);
  }
  return [height, width, channels];
}

const LARGEST_SIDE = 4096;
