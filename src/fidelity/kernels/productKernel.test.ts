import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { dot, multiplyTransposed } from '../denseProduct.ts';
import { seededRandom } from '../random.ts';
import { multiplyByKernel } from './productKernel.ts';

const LONG = 1100;

function matrix(rows: number, columns: number, seed: number): Float64Array {
  const random = seededRandom(seed);
  return Float64Array.from({ length: rows * columns }, () => random() - 0.5);
}

it('gives the inner products of all rows, whatever the sizes, and leaves nothing of a tile before', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 210 }), fc.integer({ min: 1, max: 210 }), fc.integer({ min: 1, max: 300 }), fc.integer(), (rows, columns, short, seed) => {
      // long enough for the kernel to take it
      const inner = Math.max(short, Math.ceil(2 ** 20 / (rows * columns)) % LONG);
      const [a, b] = [matrix(rows, inner, seed), matrix(columns, inner, seed + 1)];
      const product = new Float64Array(rows * columns).fill(Number.NaN);
      const expected = Float64Array.from(product, (_, at) => dot(a, Math.floor(at / columns) * inner, b, (at % columns) * inner, inner));
      const done = multiplyByKernel(a, rows, b, columns, inner, product);
      expect(done).toBe(rows * columns * inner >= 2 ** 20);
      const found = multiplyTransposed(a, rows, b, columns, inner);
      for (const values of done ? [product, found] : [found]) {
        expect(Math.max(...values.map((value, at) => Math.abs(value - expected[at])))).toBeLessThan(1e-12);
      }
    }),
    { numRuns: 12, seed: 7 },
  );
});
