import type { Fit } from './preprocessing.ts';

/** A decoded picture, row-major, `channels` interleaved values a pixel. */
export interface Raster {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  readonly values: ArrayLike<number>;
}

/** The part of an axis of `size` pixels that becomes the whole of the result's axis. */
interface Window {
  readonly size: number;
  readonly start: number;
  readonly length: number;
}

/**
 * A picture at `height × width`, bilinear. Where it shrinks, the triangle filter grows with the
 * factor, so that every source pixel counts (as in Pillow's `resize` and torchvision's
 * `antialias=True`); a canvas, whose filter each browser chooses for itself, would give a network
 * different pictures in different browsers.
 *
 * `crop` takes the centred part that has the result's shape, `stretch` all of it. Of the source's
 * channels the first `channels` are kept. O(source pixels of that part · channels).
 */
export function resizePicture(source: Raster, height: number, width: number, fit: Fit, channels = source.channels): Float32Array {
  const [rows, columns] = windows(source, height, width, fit);
  const vertical = filterOf(rows, height);
  const horizontal = filterOf(columns, width);
  const [top, bottom] = extent(vertical);
  // rows first shrink sideways, then the narrow picture shrinks in height
  const narrow = new Float32Array((bottom - top) * width * channels);
  for (let y = top; y < bottom; y++) {
    for (let x = 0; x < width; x++) {
      const { first, weights } = horizontal[x];
      const to = ((y - top) * width + x) * channels;
      for (let k = 0; k < weights.length; k++) {
        const from = (y * source.width + first + k) * source.channels;
        for (let c = 0; c < channels; c++) narrow[to + c] += weights[k] * source.values[from + c];
      }
    }
  }
  const stride = width * channels;
  const result = new Float32Array(height * stride);
  for (let y = 0; y < height; y++) {
    const { first, weights } = vertical[y];
    for (let k = 0; k < weights.length; k++) {
      const from = (first + k - top) * stride;
      for (let at = 0; at < stride; at++) result[y * stride + at] += weights[k] * narrow[from + at];
    }
  }
  return result;
}

function windows({ width, height }: Raster, toHeight: number, toWidth: number, fit: Fit): [Window, Window] {
  if (fit === 'stretch') return [{ size: height, start: 0, length: height }, { size: width, start: 0, length: width }];
  const factor = Math.min(width / toWidth, height / toHeight);
  const [rows, columns] = [toHeight * factor, toWidth * factor];
  return [
    { size: height, start: (height - rows) / 2, length: rows },
    { size: width, start: (width - columns) / 2, length: columns },
  ];
}

interface Tap {
  readonly first: number;
  readonly weights: Float64Array;
}

function filterOf({ size, start, length }: Window, results: number): readonly Tap[] {
  const step = length / results;
  const reach = Math.max(1, step);
  return Array.from({ length: results }, (_, i) => {
    const centre = start + (i + 0.5) * step;
    const first = Math.max(0, Math.floor(centre - reach + 0.5));
    const end = Math.min(size, Math.floor(centre + reach + 0.5));
    const weights = Float64Array.from({ length: Math.max(1, end - first) }, (_, k) => Math.max(0, 1 - Math.abs(first + k + 0.5 - centre) / reach));
    const sum = weights.reduce((total, weight) => total + weight, 0);
    return { first, weights: weights.map((weight) => weight / sum) };
  });
}

function extent(taps: readonly Tap[]): [number, number] {
  const last = taps[taps.length - 1];
  return [taps[0].first, last.first + last.weights.length];
}
