import { dot, multiplyTransposed } from '../../fidelity/denseProduct.ts';
import type { LayerStatistics } from '../../fidelity/layerStatistics.ts';
import type { Criterion } from './criterion.ts';
import { outputEnergy, type GroupConsumer } from '../groupConsumers.ts';
import { scoreByRemoval, type Removal } from './removal.ts';

/**
 * ThiNet (Luo, Wu and Lin, ICCV 2017, arXiv 1707.06342, section 3.2 and algorithm 1): grows the set T
 * of removed channels greedily, each step adding the one that leaves `Σ_c E‖Σ_{i∈T} A_ci‖²`, what the
 * next layer loses when nothing is refitted, least. In our terms that is `Σ_c 1_Tᵀ Q^c 1_T`. Steps
 * nest, so the order of removal ranks all channels.
 *
 * The paper samples output positions and channels, this takes all of them; the paper has one next
 * layer, this adds the consumers' sums, each divided by its outputs' energy. A group without a
 * consumer that has a Gram keeps its singleton scores.
 */
export const thinet: Criterion = (input) => scoreByRemoval(input, thinetRemovals);

/** The steps of ThiNet, ties to the higher index; none without consumers. */
export function thinetRemovals(consumers: readonly GroupConsumer[], channels: number): Removal[] {
  if (consumers.length === 0) return [];
  const energies = removedEnergy(consumers, channels);
  const growth = Float64Array.from({ length: channels }, (_, i) => energies[i * channels + i]);
  const left = new Set(growth.keys());
  const removals: Removal[] = [];
  while (left.size > 0) {
    let least = -1;
    for (const i of left) if (least < 0 || growth[i] <= growth[least]) least = i;
    left.delete(least);
    removals.push({ channel: least, cost: growth[least] });
    for (const i of left) growth[i] += 2 * energies[least * channels + i];
  }
  return removals;
}

/** `Σ_consumers Σ_c 1_aᵀ Q^c 1_b / Σ_c e_c` for every pair of the group's channels; row-major. */
function removedEnergy(consumers: readonly GroupConsumer[], channels: number): Float64Array {
  const sum = new Float64Array(channels * channels);
  for (const { statistics, inputsOf } of consumers) {
    const { n } = statistics;
    const pairs = summedPairEnergy(statistics);
    const energy = outputEnergy(statistics);
    for (let a = 0; a < channels; a++) {
      for (let b = 0; b < channels; b++) {
        for (const i of inputsOf[a]) for (const j of inputsOf[b]) sum[a * channels + b] += pairs[i * n + j] / energy;
      }
    }
  }
  return sum;
}

/** `Σ_c Q^c_ij = ⟨G_ij, Σ_c w_ci w_cjᵀ⟩`; row-major n × n. O(m (np)² / 2). */
function summedPairEnergy({ n, p, m, gram, weights }: LayerStatistics): Float64Array {
  const size = n * p;
  const columns = new Float64Array(size * m);
  for (let c = 0; c < m; c++) for (let q = 0; q < size; q++) columns[q * m + c] = weights[c * size + q];
  const pairs = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    // Σ_c w_ci w_cjᵀ for all j ≤ i: p rows over the patch elements up to component i's own
    const end = (i + 1) * p;
    const moments = multiplyTransposed(columns.subarray(i * p * m, end * m), p, columns.subarray(0, end * m), end, m);
    for (let j = 0; j <= i; j++) {
      let energy = 0;
      for (let q = 0; q < p; q++) energy += dot(moments, q * end + j * p, gram, (i * p + q) * size + j * p, p);
      pairs[i * n + j] = energy;
      pairs[j * n + i] = energy;
    }
  }
  return pairs;
}
