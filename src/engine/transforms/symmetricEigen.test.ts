import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../fidelity/random.ts';
import { EigenvaluesError, symmetricEigen } from './symmetricEigen.ts';

/** `X Xᵀ` of `rank` random columns, n × n. */
function gramOf(n: number, rank: number, seed: number): Float64Array {
  const random = seededRandom(seed);
  const x = Float64Array.from({ length: n * rank }, () => random() - 0.4);
  const gram = new Float64Array(n * n);
  for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) for (let k = 0; k < rank; k++) gram[i * n + j] += x[i * rank + k] * x[j * rank + k];
  return gram;
}

const dotRows = (a: Float64Array, i: number, b: Float64Array, j: number, n: number): number => {
  let sum = 0;
  for (let k = 0; k < n; k++) sum += a[i * n + k] * b[j * n + k];
  return sum;
};

describe('symmetricEigen', () => {
  it.each([['of one', 1, 1], ['of two', 2, 2], ['of full rank', 17, 40], ['of low rank', 24, 5], ['of zeros', 6, 0], ['large', 90, 100]] as const)(
    'rebuilds a matrix %s from orthonormal vectors, greatest first', (_, n, rank) => {
      const matrix = gramOf(n, rank, n);
      const { values, vectors } = symmetricEigen(matrix, n);
      const scale = Math.max(1, ...matrix);
      for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) {
        expect(Math.abs(dotRows(vectors, i, vectors, j, n) - (i === j ? 1 : 0))).toBeLessThan(1e-11);
        let rebuilt = 0;
        for (let k = 0; k < n; k++) rebuilt += values[k] * vectors[k * n + i] * vectors[k * n + j];
        expect(Math.abs(rebuilt - matrix[i * n + j]) / scale).toBeLessThan(1e-11);
      }
      expect(Array.from(values)).toEqual(Array.from(values).sort((a, b) => b - a));
      expect(values.filter((value) => Math.abs(value) > 1e-9 * scale)).toHaveLength(Math.min(n, rank));
    },
  );

  it('says so where nothing can be found', () => {
    const matrix = gramOf(5, 5, 1);
    matrix[10] = NaN;
    expect(() => symmetricEigen(matrix, 5)).toThrow(EigenvaluesError);
  });
});
