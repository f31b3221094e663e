import { restricted } from '../../fidelity/componentBlocks.ts';
import { removeBlocks, type BlockSystem } from './blockElimination.ts';
import type { Criterion } from './criterion.ts';
import { outputEnergy, type GroupConsumer } from '../groupConsumers.ts';
import { scoreByRemoval, type Removal } from './removal.ts';

/**
 * Optimal Brain Compression (Frantar, Singh and Alistarh, NeurIPS 2022, arXiv 2208.11580, section 4)
 * for whole input channels: the block P of least `Σ_c w_cP ((H⁻¹)_PP)⁻¹ w_cPᵀ` goes, the weights that
 * are left make up for it, H⁻¹ is updated, and so on to the last: the paper removes blocks one at a
 * time and never scores them all from the first inverse. `H = G + λI`, λ = 1e-6 of the mean diagonal.
 *
 * The paper's blocks lie within one output's row, and every row has an inverse of its own; a whole
 * channel leaves all rows together, so that they share one. Several consumers' costs are added, each
 * divided by its outputs' energy.
 *
 * What this comes to is backward elimination under least squares: it differs from our `backward` in
 * that it takes no notice of the compensation that follows, and in that λ pulls to zero rather than
 * to the weights. O((np)³) for each consumer.
 */
export const obc: Criterion = (input) => scoreByRemoval(input, obcRemovals);

/** The steps of OBC; none where no consumer has statistics that factor. */
export function obcRemovals(consumers: readonly GroupConsumer[], channels: number): Removal[] {
  return removeBlocks(consumers, weightSystem, channels);
}

/** Unknowns: the patch elements; rows: the outputs. */
function weightSystem({ statistics, inputsOf, others }: GroupConsumer): BlockSystem {
  const { n, p, m } = statistics;
  const size = n * p;
  const { gram, weights } = restricted(statistics, [...inputsOf.flat(), ...others]);
  const columns = new Float64Array(size * m);
  for (let c = 0; c < m; c++) for (let q = 0; q < size; q++) columns[q * m + c] = weights[c * size + q];
  return { gram, size, weights: columns, rows: m, widths: inputsOf.map((of) => p * of.length), share: 1 / outputEnergy(statistics) };
}
