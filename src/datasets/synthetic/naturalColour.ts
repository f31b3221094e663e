import type { Random } from '../../fidelity/random.ts';

/** Mean RGB of natural pictures, 0–255 (ImageNet's, as networks are commonly given it). */
export const NATURAL_MEAN = [0.485 * 255, 0.456 * 255, 0.406 * 255] as const;

/**
 * Principal axes of the RGB values of natural pictures: light, blue against yellow, green against
 * magenta. Found by Krizhevsky, Sutskever & Hinton (NeurIPS 2012, section 4.1) on ImageNet; the numbers
 * are those published with fb.resnet.torch (Gross & Wilber, 2016). Columns are axes, rows R, G, B.
 */
const AXES = [
  [-0.5675, 0.7192, 0.4009],
  [-0.5808, -0.0045, -0.814],
  [-0.5836, -0.6948, 0.4203],
] as const;

/** Standard deviations along the axes, in units of 0–255. */
const DEVIATIONS = [0.2175, 0.0188, 0.0045].map((variance) => 255 * Math.sqrt(variance));

/**
 * How far an axis moves each channel, per standard deviation along it: `R Rᵀ` is the covariance of
 * natural RGB values. Row-major, 3 channels × 3 axes, units of 0–255.
 */
export const COLOUR_ROOT: readonly number[] = AXES.flatMap((row) => row.map((part, axis) => part * DEVIATIONS[axis]));

/** Rec. 601. */
const LUMA = [0.299, 0.587, 0.114] as const;

/** Standard deviation of a grey value (Rec. 601 luma of such colours), in units of 0–255. */
export const GREY_DEVIATION = Math.hypot(...[0, 1, 2].map((axis) => LUMA.reduce<number>((sum, weight, c) => sum + weight * COLOUR_ROOT[3 * c + axis], 0)));

/** Mean grey value of natural pictures, 0–255. */
export const GREY_MEAN = LUMA.reduce<number>((sum, weight, c) => sum + weight * NATURAL_MEAN[c], 0);

/** Writes to `colour` how far a random natural colour lies from the mean: 3 channels, or 1 of grey. */
export function drawColour(normal: Random, colour: Float64Array): void {
  if (colour.length === 1) {
    colour[0] = GREY_DEVIATION * normal();
    return;
  }
  const along = [normal(), normal(), normal()];
  for (let c = 0; c < 3; c++) colour[c] = COLOUR_ROOT[3 * c] * along[0] + COLOUR_ROOT[3 * c + 1] * along[1] + COLOUR_ROOT[3 * c + 2] * along[2];
}

/** The mean of a channel: of RGB, or of grey where there is one. */
export function naturalMean(channels: 1 | 3, channel: number): number {
  return channels === 1 ? GREY_MEAN : NATURAL_MEAN[channel];
}
