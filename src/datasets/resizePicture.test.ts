import { describe, expect, it } from 'vitest';
import { decodePng } from './decodePicture.ts';
import { bytesOf, PICTURES, RESIZED } from './fixtures/pictures.ts';
import { resizePicture } from './resizePicture.ts';

describe('resizePicture', () => {
  it.each(RESIZED)('to $width × $height by $fit gives what Pillow gives, up to its roundings', async ({ width, height, fit, base64 }) => {
    const source = await decodePng(bytesOf(PICTURES['rgb.png'].base64));
    const result = resizePicture(source, height, width, fit, 3);
    const expected = bytesOf(base64);
    expect(result).toHaveLength(expected.length);
    const differences = Array.from(expected, (value, at) => Math.abs(value - result[at]));
    expect(Math.max(...differences)).toBeLessThanOrEqual(1.51);
    expect(differences.reduce((sum, difference) => sum + difference, 0) / differences.length).toBeLessThan(0.5);
  });

  it('is the identity at the picture’s own size', () => {
    const values = Float32Array.from({ length: 5 * 4 * 2 }, (_, k) => k * 1.25);
    for (const fit of ['crop', 'stretch'] as const) {
      expect(resizePicture({ width: 4, height: 5, channels: 2, values }, 5, 4, fit)).toEqual(values);
    }
  });

  it('by crop takes the centre of the longer side, by stretch all of it', () => {
    const wide = { width: 6, height: 2, channels: 1, values: [0, 0, 9, 9, 0, 0, 0, 0, 9, 9, 0, 0] };
    expect([...resizePicture(wide, 2, 2, 'crop')]).toEqual([9, 9, 9, 9]);
    const [left, right] = resizePicture(wide, 1, 2, 'stretch');
    expect(left).toBeCloseTo(right, 6);
    expect(left).toBeLessThan(9);
  });

  it('makes something of one pixel, and of more rows than columns', () => {
    expect([...resizePicture({ width: 1, height: 1, channels: 3, values: [1, 2, 3] }, 2, 2, 'crop')]).toEqual([1, 2, 3, 1, 2, 3, 1, 2, 3, 1, 2, 3]);
    expect([...resizePicture({ width: 1, height: 300, channels: 1, values: new Uint8Array(300).fill(7) }, 2, 5, 'crop')].every((value) => Math.abs(value - 7) < 1e-5)).toBe(true);
  });
});
