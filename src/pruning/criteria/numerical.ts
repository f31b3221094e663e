import { choleskyWithRidge, solveFactored } from '../../fidelity/cholesky.ts';
import { multiplyTransposed } from '../../fidelity/denseProduct.ts';
import type { LayerStatistics } from '../../fidelity/layerStatistics.ts';
import { groupConsumers, outputEnergy, type GroupConsumer } from '../groupConsumers.ts';
import type { Criterion } from './criterion.ts';
import { scoreByScores } from './groupScoreMap.ts';

/**
 * Numerical Pruning (Shen et al., Numerical Pruning for Efficient Autoregressive Models, AAAI 2025, arXiv 2412.12441;
 * built from its equations 3 and 6 to 8 as a public reading note restates them, not from the paper's own text).
 *
 * The mask of a layer's inputs, relaxed to z in [0, 1]ᴺ, is to rebuild the layer's outputs with r inputs left:
 * `min_z ½ ‖X W − X diag(z) W‖² + λ/2 (1ᵀz − r)²`, with gradient `A (z − 1) + λ (1ᵀz − r) 1` and Hessian
 * `A + λ 1 1ᵀ`, where `A = (W Wᵀ) ∘ (XᵀX)`. The objective is quadratic, so one step of Newton's method from anywhere ends
 * where the paper's 50 do: at `z = 1 − c A⁻¹1`. λ and r enter in c alone, one factor for the layer; here λ → ∞ and
 * r = N / 2, so that `c = N / (2 · 1ᵀA⁻¹1)`. Like the paper's, this z is not projected on [0, 1]. A channel's
 * score is the mean of its features' z (equation 8 for a head).
 *
 * The paper ranks heads and neurons of all layers together; here a group's width is the allocation's to choose, and
 * the score ranks within the group. Its compensation (equation 11: the least change of outputs under which
 * the removed rows are 0) is this project's least squares.
 *
 * Several consumers' objectives are added, each divided by its outputs' energy. A ridge of 1e-6 of the mean
 * diagonal of A, raised until it factors. O(m N² / 2 + N³ / 6) for N features.
 */
export const numerical: Criterion = (input) =>
  scoreByScores(input, ({ name, channels }) => numericalScores(groupConsumers(name, input.layers, input.measures), channels));

/** z of every channel; undefined without consumers, or where nothing factors (NaN in the statistics). */
export function numericalScores(consumers: readonly GroupConsumer[], channels: number): Float64Array | undefined {
  if (consumers.length === 0) return undefined;
  const widths = Int32Array.from({ length: channels }, (_, channel) => featuresOf(consumers[0], channel).length);
  // channels of the same number of features in every consumer can share one mask over features; else one over channels
  const shared = consumers.every((consumer) => widths.every((width, channel) => featuresOf(consumer, channel).length === width));
  const starts = Int32Array.from({ length: channels + 1 }, (_, channel) =>
    shared ? widths.subarray(0, channel).reduce((sum, width) => sum + width, 0) : channel);
  const size = starts[channels];
  const matrix = new Float64Array(size * size);
  for (const consumer of consumers) addMaskHessian(matrix, size, starts, shared, consumer);
  const factored = choleskyWithRidge(matrix, size);
  if (!factored.ok) return undefined;
  const solution = solveFactored(factored.factor, size, new Float64Array(size).fill(1), 1);
  const scale = size / (2 * solution.reduce((sum, value) => sum + value, 0));
  return Float64Array.from({ length: channels }, (_, channel) => {
    const own = solution.subarray(starts[channel], starts[channel + 1]);
    return 1 - (scale * own.reduce((sum, value) => sum + value, 0)) / Math.max(1, own.length);
  });
}

function addMaskHessian(matrix: Float64Array, size: number, starts: Int32Array, shared: boolean, consumer: GroupConsumer): void {
  const { statistics, inputsOf } = consumer;
  const whole = statistics.n * statistics.p;
  const hessian = maskHessian(statistics);
  const energy = outputEnergy(statistics);
  const place = new Int32Array(whole).fill(-1);
  inputsOf.forEach((_, channel) => featuresOf(consumer, channel).forEach((q, k) => (place[q] = starts[channel] + (shared ? k : 0))));
  for (let a = 0; a < whole; a++) {
    if (place[a] < 0) continue;
    for (let b = 0; b < whole; b++) if (place[b] >= 0) matrix[place[a] * size + place[b]] += hessian[a * whole + b] / energy;
  }
}

/** Rows of `W Wᵀ` that are computed together. */
const ROWS = 64;

/** `A = (W Wᵀ) ∘ G` over the layer's features, row-major np × np: W's rows are the features. O(m (np)² / 2) */
export function maskHessian({ n, p, m, gram, weights }: LayerStatistics): Float64Array {
  const size = n * p;
  const rows = new Float64Array(size * m);
  for (let c = 0; c < m; c++) for (let q = 0; q < size; q++) rows[q * m + c] = weights[c * size + q];
  const hessian = new Float64Array(size * size);
  for (let first = 0; first < size; first += ROWS) {
    const end = Math.min(size, first + ROWS);
    const moments = multiplyTransposed(rows.subarray(first * m, end * m), end - first, rows.subarray(0, end * m), end, m);
    for (let a = first; a < end; a++) for (let b = 0; b <= a; b++) {
      const value = moments[(a - first) * end + b] * gram[a * size + b];
      hessian[a * size + b] = value;
      hessian[b * size + a] = value;
    }
  }
  return hessian;
}

/** The patch elements of a consumer that belong to a channel. */
function featuresOf({ statistics: { p }, inputsOf }: GroupConsumer, channel: number): number[] {
  return inputsOf[channel].flatMap((i) => Array.from({ length: p }, (_, q) => i * p + q));
}
