import { removeBlocks, type BlockSystem } from './blockElimination.ts';
import type { Criterion } from './criterion.ts';
import { outputEnergy, type GroupConsumer } from '../groupConsumers.ts';
import { scoreByRemoval, type Removal } from './removal.ts';

/**
 * REAP (Kamma and Wada, IEICE Transactions on Information and Systems E104-D(1), 2021): takes out,
 * one after the other, the channel whose *feature map* the remaining maps rebuild best, by its effect
 * on the next layer. With K the Gram of the channels' maps, `x_i ≈ −Σ_j (K⁻¹)_ij / (K⁻¹)_ii · x_j`
 * with residual energy `1 / (K⁻¹)_ii` (the biorthogonal system of the paper), so channel i costs
 * `‖w_i‖² / (K⁻¹)_ii`, and the remaining weights take up its share: `w_cj += a_ij w_ci`.
 *
 * Not our `backward`: there the weights of the next layer are refitted, every offset of a kernel by
 * itself, to rebuild its *output*. REAP rebuilds the *input*: one number for each pair of channels,
 * the same for all offsets and outputs. The two agree where a component has one weight (p = 1).
 *
 * From patch statistics, `K_ij = Σ_q G_(iq)(jq) / p`: the inner product of two maps, whose border
 * pixels count less where the kernel visits them less. The cost takes the residual map as spatially
 * uncorrelated where p > 1. Several consumers' costs are added, each divided by its outputs' energy.
 */
export const reap: Criterion = (input) => scoreByRemoval(input, reapRemovals);

/** The steps of REAP; none where no consumer has statistics that factor. */
export function reapRemovals(consumers: readonly GroupConsumer[], channels: number): Removal[] {
  return removeBlocks(consumers, mapSystem, channels);
}

/** Unknowns: one for each input channel; rows: one for each (output, offset). */
function mapSystem({ statistics, inputsOf, others }: GroupConsumer): BlockSystem {
  const { n, p, m, gram, weights } = statistics;
  const inputs = [...inputsOf.flat(), ...others];
  const maps = new Float64Array(n * n);
  const rows = m * p;
  const own = new Float64Array(n * rows);
  for (let a = 0; a < n; a++) {
    for (let b = 0; b < n; b++) {
      const corner = (inputs[a] * n * p + inputs[b]) * p;
      for (let q = 0; q < p; q++) maps[a * n + b] += gram[corner + q * (n * p + 1)] / p;
    }
    for (let c = 0; c < m; c++) for (let q = 0; q < p; q++) own[a * rows + c * p + q] = weights[(c * n + inputs[a]) * p + q];
  }
  return { gram: maps, size: n, weights: own, rows, widths: inputsOf.map((of) => of.length), share: 1 / outputEnergy(statistics) };
}
