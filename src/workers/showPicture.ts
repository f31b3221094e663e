import type { Shape } from '../network/network.ts';

/**
 * A stored picture as RGBA for a canvas: colours as they are, one channel as grey. Other values
 * than pixels are stretched from their least to their greatest; a vector becomes one row.
 */
export function toRgba(values: Uint8Array | Float32Array, shape: Shape): { width: number; height: number; rgba: Uint8ClampedArray<ArrayBuffer> } {
  const [height, width, channels] = shape.length === 3 ? shape : [1, shape.reduce((product, size) => product * size, 1), 1];
  const scaled = values instanceof Float32Array ? stretched(values) : values;
  const rgba = new Uint8ClampedArray(height * width * 4).fill(255);
  for (let pixel = 0; pixel < height * width; pixel++) {
    for (let c = 0; c < 3; c++) rgba[pixel * 4 + c] = scaled[pixel * channels + (channels < 3 ? 0 : c)];
  }
  return { width, height, rgba };
}

function stretched(values: Float32Array): Float32Array {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) [low, high] = [Math.min(low, value), Math.max(high, value)];
  const range = high - low || 1;
  return values.map((value) => (255 * (value - low)) / range);
}
