import { describe, expect, it } from 'vitest';
import { cholesky, solveFactored } from '../../fidelity/cholesky.ts';
import { compensate } from '../../fidelity/compensation.ts';
import { everyIndex } from '../../fidelity/componentBlocks.ts';
import { intactStatistics, type LayerStatistics } from '../../fidelity/layerStatistics.ts';
import { seededRandom } from '../../fidelity/random.ts';
import type { GroupConsumer } from '../groupConsumers.ts';
import { maskHessian, numericalScores } from './numerical.ts';
import { wandaScores } from './wanda.ts';

/** A layer of n components of p features and m outputs on `rows` explicit inputs. */
interface Explicit {
  readonly x: Float64Array;
  readonly rows: number;
  readonly statistics: LayerStatistics;
}

function explicitLayer(n: number, p: number, m: number, seed: number): Explicit {
  const random = seededRandom(seed);
  const size = n * p;
  const rows = 3 * size;
  // neighbouring features are alike, so that some channels can stand in for others
  const x = Float64Array.from({ length: rows * size }, () => random() - 0.3);
  for (let row = 0; row < rows; row++) for (let q = 1; q < size; q++) x[row * size + q] += 0.7 * x[row * size + q - 1];
  const weights = Float64Array.from({ length: m * size }, () => random() - 0.5);
  const gram = new Float64Array(size * size);
  for (let row = 0; row < rows; row++) for (let a = 0; a < size; a++) for (let b = 0; b < size; b++) gram[a * size + b] += x[row * size + a] * x[row * size + b];
  return { x, rows, statistics: intactStatistics({ n, p, m, gram, weights }) };
}

const consumerOf = (statistics: LayerStatistics): GroupConsumer => ({ statistics, inputsOf: everyIndex(statistics.n).map((i) => [i]), others: [] });

describe.each([['neurons', 7, 1], ['heads', 4, 3]] as const)('of %s', (_, n, p) => {
  const { x, rows, statistics } = explicitLayer(n, p, 5, 3);
  const { m, weights } = statistics;
  const size = n * p;

  it('Wanda sums weight times the norm of its input, weight by weight', () => {
    const expected = new Float64Array(n);
    for (let c = 0; c < m; c++) for (let q = 0; q < size; q++) {
      let square = 0;
      for (let row = 0; row < rows; row++) square += x[row * size + q] ** 2;
      expected[Math.floor(q / p)] += Math.abs(weights[c * size + q]) * Math.sqrt(square);
    }
    wandaScores(statistics).forEach((score, i) => expect(score).toBeCloseTo(expected[i], 9));
  });

  /** `½ ‖X W − X diag(z) W‖² + λ/2 (1ᵀz − r)²` from the inputs themselves. */
  const objective = (z: Float64Array, lambda: number, r: number): number => {
    let error = 0;
    for (let row = 0; row < rows; row++) for (let c = 0; c < m; c++) {
      let difference = 0;
      for (let q = 0; q < size; q++) difference += x[row * size + q] * (1 - z[q]) * weights[c * size + q];
      error += difference ** 2;
    }
    return error / 2 + (lambda / 2) * (z.reduce((sum, value) => sum + value, 0) - r) ** 2;
  };

  it('the Hessian of the mask is that of the objective', () => {
    const hessian = maskHessian(statistics);
    for (const [a, b] of [[0, 0], [1, 2], [size - 1, 0]] as const) {
      const h = 0.25;
      const corners = [[h, h, 1], [h, -h, -1], [-h, h, -1], [-h, -h, 1]].map(([da, db, sign]) => {
        const z = new Float64Array(size).fill(0.4);
        z[a] += da;
        z[b] += db;
        return sign * objective(z, 0, 0);
      });
      const second = corners.reduce((sum, value) => sum + value, 0) / (4 * h * h);
      expect(Math.abs(hessian[a * size + b] / second - 1)).toBeLessThan(1e-8);
    }
  });

  it('the numerical scores are where Newton’s method ends, whatever λ and r, up to one affine map', () => {
    const scores = numericalScores([consumerOf(statistics)], n) ?? new Float64Array(0);
    expect(scores.reduce((sum, value) => sum + value, 0)).toBeCloseTo(n / 2, 3);
    for (const [lambda, r] of [[0.3, 0.8 * size], [50, 0.4 * size]]) {
      const newton = newtonMask(statistics, lambda, r, 3);
      const probe = newton.map((value, q) => value + 0.01 * Math.sin(q + 1));
      expect(objective(newton, lambda, r)).toBeLessThan(objective(probe, lambda, r));
      const means = Float64Array.from({ length: n }, (_none, i) => newton.subarray(i * p, (i + 1) * p).reduce((sum, value) => sum + value, 0) / p);
      const ratios = means.map((value, i) => (1 - value) / (1 - scores[i]));
      for (const ratio of ratios) expect(Math.abs(ratio / ratios[0] - 1)).toBeLessThan(1e-3);
      expect(ratios[0]).toBeGreaterThan(0);
    }
  });

  it('its compensation (equation 11) is least squares', () => {
    const kept = everyIndex(n).filter((i) => i !== 1);
    const { weights: refitted } = compensate(statistics, kept, 'leastSquares', { ridge: 0 });
    const changed = constrained(statistics, 1);
    for (let c = 0; c < m; c++) {
      kept.forEach((i, at) => {
        for (let q = 0; q < p; q++) expect(changed[c * size + i * p + q]).toBeCloseTo(refitted[c * kept.length * p + at * p + q], 7);
      });
      for (let q = 0; q < p; q++) expect(changed[c * size + p + q]).toBeCloseTo(0, 9);
    }
  });
});

/** Newton's steps on the objective from a mask of zeros. */
function newtonMask(statistics: LayerStatistics, lambda: number, r: number, steps: number): Float64Array {
  const hessian = maskHessian(statistics);
  const size = Math.sqrt(hessian.length);
  const factored = cholesky(hessian.map((value) => value + lambda), size);
  if (!factored.ok) throw new Error(`pivot ${factored.pivot}`);
  let z = new Float64Array(size);
  for (let step = 0; step < steps; step++) {
    const over = lambda * (z.reduce((sum, value) => sum + value, 0) - r);
    const gradient = z.map((_, a) => z.reduce((sum, value, b) => sum + hessian[a * size + b] * (value - 1), over));
    const move = solveFactored(factored.factor, size, gradient, 1);
    z = z.map((value, q) => value - move[q]);
  }
  return z;
}

/** `W − W_p (P Pᵀ-block of G⁻¹)⁻¹ G⁻¹`: the removed component's rows 0, the outputs changed least; m × np. */
function constrained({ n, p, m, gram, weights }: LayerStatistics, removed: number): Float64Array {
  const size = n * p;
  const factored = cholesky(gram, size);
  if (!factored.ok) throw new Error(`pivot ${factored.pivot}`);
  const inverse = solveFactored(factored.factor, size, Float64Array.from({ length: size * size }, (_, at) => (at % (size + 1) === 0 ? 1 : 0)), size);
  const first = removed * p;
  const block = Float64Array.from({ length: p * p }, (_, at) => inverse[(first + Math.floor(at / p)) * size + first + (at % p)]);
  const blockFactor = cholesky(block, p);
  if (!blockFactor.ok) throw new Error(`pivot ${blockFactor.pivot}`);
  const changed = weights.slice();
  for (let c = 0; c < m; c++) {
    const multipliers = solveFactored(blockFactor.factor, p, weights.slice(c * size + first, c * size + first + p), 1);
    for (let q = 0; q < size; q++) for (let k = 0; k < p; k++) changed[c * size + q] -= multipliers[k] * inverse[(first + k) * size + q];
  }
  return changed;
}
