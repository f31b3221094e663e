import type { Random } from '../../fidelity/random.ts';
import { inverseFourier } from './fourier.ts';

/** Fields of Gaussian noise, each `size × size`, row-major, periodic, of unit variance in expectation. */
export interface NoiseFields {
  readonly size: number;
  readonly fields: readonly Float64Array[];
}

/**
 * `count` independent Gaussian fields whose amplitude spectrum falls as `1 / f^exponent`, without a
 * constant part. `size` is a power of two. Real and imaginary part of one transform are two fields.
 * `O(size² log size)` for every two.
 */
export function noiseFields(count: number, size: number, exponent: number, normal: Random): NoiseFields {
  const amplitudes = spectrum(size, exponent);
  const fields: Float64Array[] = [];
  while (fields.length < count) {
    const real = new Float64Array(size * size);
    const imaginary = new Float64Array(size * size);
    for (let k = 0; k < real.length; k++) {
      real[k] = amplitudes[k] * normal();
      imaginary[k] = amplitudes[k] * normal();
    }
    inverseFourier(real, imaginary, size);
    fields.push(real, imaginary);
  }
  return { size, fields: fields.slice(0, count) };
}

/** `f^−exponent` at every frequency, scaled so that the squares add to 1. */
function spectrum(size: number, exponent: number): Float64Array {
  const amplitudes = new Float64Array(size * size);
  let energy = 0;
  for (let y = 0; y < size; y++) for (let x = 0; x < size; x++) {
    if (x === 0 && y === 0) continue;
    const amplitude = Math.hypot(Math.min(y, size - y), Math.min(x, size - x)) ** -exponent;
    amplitudes[y * size + x] = amplitude;
    energy += amplitude ** 2;
  }
  const scale = 1 / Math.sqrt(energy);
  return amplitudes.map((amplitude) => amplitude * scale);
}

/** The least power of two that is at least `length`, and at least 2: a field of one point has no frequencies. */
export function powerOfTwo(length: number): number {
  return 2 ** Math.max(1, Math.ceil(Math.log2(length)));
}
