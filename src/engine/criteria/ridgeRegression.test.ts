import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../fidelity/random.ts';
import { relativeError } from '../fixtures/arrays.ts';
import { ridgeRegression } from './ridgeRegression.ts';

describe('ridgeRegression', () => {
  it('finds the coefficients that made the observations, and shrinks them with λ', () => {
    const random = seededRandom(1);
    const truth = Float64Array.from({ length: 40 }, () => random() - 0.5);
    const ones = Array.from({ length: 400 }, () => Int32Array.from(truth.keys()).filter(() => random() < 0.1));
    const y = ones.map((own) => 7 + own.reduce((sum, j) => sum + truth[j], 0));
    const design = { variables: 40, ones };
    expect(relativeError(ridgeRegression(design, y, 0), truth)).toBeLessThan(1e-8);
    expect(squares(ridgeRegression(design, y, 50))).toBeLessThan(0.8 * squares(truth));
  });

  it('gives finite coefficients where there are fewer observations than variables', () => {
    const beta = ridgeRegression({ variables: 5, ones: [Int32Array.of(0, 1), Int32Array.of(2)] }, [1, 2], 0.1);
    expect(beta.every(Number.isFinite)).toBe(true);
    expect(beta[3]).toBe(0);
  });
});

function squares(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value * value, 0);
}
