import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../fidelity/random.ts';
import { matrixRank } from './matrixRank.ts';

describe('matrixRank', () => {
  it('finds the rank that a product of factors has, at any scale', () => {
    fc.assert(fc.property(
      fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 12 }), fc.nat(12), fc.integer({ min: 1, max: 2 ** 31 }), fc.constantFrom(1e-12, 1, 1e12),
      (rows, columns, wanted, seed, scale) => {
        const rank = Math.min(rows, columns, wanted);
        const random = seededRandom(seed);
        const factor = (n: number) => Float64Array.from({ length: n * rank }, () => random() - 0.5);
        const [left, right] = [factor(rows), factor(columns)];
        const matrix = Float64Array.from({ length: rows * columns }, (_, at) => {
          let sum = 0;
          for (let k = 0; k < rank; k++) sum += left[Math.floor(at / columns) * rank + k] * right[(at % columns) * rank + k];
          return scale * sum;
        });
        // factors drawn at random are of full rank, but may come near less
        expect(matrixRank(matrix, rows, columns, 1e-11)).toBe(rank);
      },
    ), { numRuns: 300, seed: 5 });
  });

  it('counts singular values above the tolerance alone', () => {
    expect(matrixRank(diagonal(1, 1e-3, 1e-6, 1e-7, 0), 5, 5)).toBe(3);
    expect(matrixRank(diagonal(1, 1e-3, 1e-6, 1e-7, 0), 5, 5, 1e-8)).toBe(4);
    expect(matrixRank(new Float64Array(6), 2, 3)).toBe(0);
    expect(matrixRank(Float64Array.of(-3), 1, 1)).toBe(1);
  });
});

function diagonal(...values: number[]): Float64Array {
  const n = values.length;
  return Float64Array.from({ length: n * n }, (_, at) => (at % (n + 1) === 0 ? values[at / (n + 1)] : 0));
}
