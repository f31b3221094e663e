import type { ResizeCoordinates } from '../../network/network.ts';

/**
 * The input pixel that output pixel o of a nearest resize takes, by the rule of
 * `ResizeCoordinates`. Whole numbers are multiplied before they are divided, so that it is exact.
 */
export function nearestPixel(o: number, input: number, output: number, coordinates: ResizeCoordinates): number {
  switch (coordinates) {
    case 'halfPixel':
      return Math.floor(((2 * o + 1) * input) / (2 * output));
    case 'asymmetric':
      return Math.floor((o * input) / output);
    case 'alignCorners':
      return output === 1 ? 0 : Math.round((o * (input - 1)) / (output - 1));
  }
}
