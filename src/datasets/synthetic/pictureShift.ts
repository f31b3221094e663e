import type { PictureSource } from '../imageSet.ts';
import { normalFrom, pictureRandom } from './pictureRandom.ts';
import { madeShape, SyntheticShapeError, type MadeShape } from './pictureShape.ts';

/**
 * What makes pictures unlike those that a network was trained on:
 * - `blur`: a Gaussian of this deviation, in pixels; the border's pixels go on beyond it
 * - `noise`: independent Gaussian noise of this deviation, of 0–255
 * - `hue`: all colours turned about the grey axis by so many degrees
 */
export type PictureShift =
  | { readonly kind: 'blur'; readonly deviation: number }
  | { readonly kind: 'noise'; readonly deviation: number; readonly seed: number }
  | { readonly kind: 'hue'; readonly degrees: number };

/**
 * Pictures of values 0–255, shifted; they stay within 0–255. Picture k depends on the picture, the shift
 * and k alone.
 *
 * @throws SyntheticShapeError where the shift means nothing for such pictures
 */
export function shifted(pictures: PictureSource, shift: PictureShift): PictureSource {
  const shape = madeShape(pictures.shape);
  const apply = shiftOf(shift, shape);
  const size = shape[0] * shape[1] * shape[2];
  return {
    ...pictures,
    read: async (first, count) => {
      const values = Float32Array.from(await pictures.read(first, count));
      for (let k = 0; k < count; k++) apply(values.subarray(k * size, (k + 1) * size), first + k);
      return values.map((value) => Math.min(255, Math.max(0, value)));
    },
  };
}

/** Changes one picture in place; it is the `index`-th. */
type Change = (picture: Float32Array, index: number) => void;

function shiftOf(shift: PictureShift, shape: MadeShape): Change {
  switch (shift.kind) {
    case 'blur':
      return blur(checked('blur', shift.deviation), shape);
    case 'noise': {
      const deviation = checked('noise', shift.deviation);
      return (picture, index) => {
        const normal = normalFrom(pictureRandom(shift.seed, index));
        for (let at = 0; at < picture.length; at++) picture[at] += deviation * normal();
      };
    }
    case 'hue':
      if (shape[2] !== 3) throw new SyntheticShapeError(`Pictures of ${shape[2]} channel have no hue to turn.`);
      if (!Number.isFinite(shift.degrees)) throw new SyntheticShapeError(`Hue cannot be turned by ${shift.degrees} degrees.`);
      return turnHue((shift.degrees * Math.PI) / 180);
  }
}

function checked(kind: string, deviation: number): number {
  if (!(deviation >= 0 && deviation < Infinity)) throw new SyntheticShapeError(`The ${kind} has deviation ${deviation}; it is a number from 0 on.`);
  return deviation;
}

/** Along rows, then along columns. */
function blur(deviation: number, [height, width, channels]: MadeShape): Change {
  if (deviation === 0) return () => {};
  const reach = Math.ceil(3 * deviation);
  const taps = Array.from({ length: 2 * reach + 1 }, (_, k) => Math.exp(-((k - reach) ** 2) / (2 * deviation ** 2)));
  const total = taps.reduce((sum, tap) => sum + tap, 0);
  const along = (from: Float32Array, to: Float32Array, lines: number, lineStep: number, length: number, step: number) => {
    for (let line = 0; line < lines; line++) for (let k = 0; k < length; k++) for (let c = 0; c < channels; c++) {
      let sum = 0;
      for (let t = -reach; t <= reach; t++) {
        const place = Math.min(length - 1, Math.max(0, k + t));
        sum += taps[t + reach] * from[line * lineStep + place * step + c];
      }
      to[line * lineStep + k * step + c] = sum / total;
    }
  };
  const rowStep = width * channels;
  return (picture) => {
    const half = new Float32Array(picture.length);
    along(picture, half, height, rowStep, width, channels);
    along(half, picture, width, channels, height, rowStep);
  };
}

/** A rotation of RGB about (1, 1, 1) by Rodrigues' formula: greys stay. */
function turnHue(angle: number): Change {
  const [c, s] = [Math.cos(angle), Math.sin(angle)];
  const [own, next, last] = [c + (1 - c) / 3, (1 - c) / 3 - s / Math.sqrt(3), (1 - c) / 3 + s / Math.sqrt(3)];
  return (picture) => {
    for (let at = 0; at < picture.length; at += 3) {
      const [r, g, b] = [picture[at], picture[at + 1], picture[at + 2]];
      picture[at] = own * r + next * g + last * b;
      picture[at + 1] = last * r + own * g + next * b;
      picture[at + 2] = next * r + last * g + own * b;
    }
  };
}
