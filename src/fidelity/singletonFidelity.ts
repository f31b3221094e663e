import { crossEnergy, ownEnergy } from './contributions.ts';
import type { LayerStatistics } from './layerStatistics.ts';

/**
 * Singleton fidelity of every pair of output and component,
 * `s_ci = FS_c({i}) = b_ci² / (d_ci e_c)`: how much of output c component i rebuilds alone, at its
 * best scale (ModHiFi, arXiv 2511.19566, section 3).
 *
 * A component or an output without energy scores 0, never NaN. At most 1 by Cauchy and Schwarz;
 * rounding above that is cut off.
 *
 * @returns row-major `m × n`, in [0, 1]; O(m n p²)
 * @throws ShapeMismatchError, ArgumentRangeError for statistics of wrong sizes
 */
export function singletonFidelity(statistics: LayerStatistics): Float64Array {
  const b = crossEnergy(statistics);
  const d = ownEnergy(statistics);
  const { n, m, energy } = statistics;
  const fidelity = new Float64Array(m * n);
  for (let c = 0; c < m; c++) {
    for (let at = c * n; at < (c + 1) * n; at++) {
      const scale = d[at] * energy[c];
      fidelity[at] = scale === 0 ? 0 : Math.min(1, (b[at] * b[at]) / scale);
    }
  }
  return fidelity;
}

/** How outputs are weighed in a layer's score: by their energy, or all alike. */
export type OutputWeighting = 'energy' | 'mean';

/**
 * Layer-level singleton scores, `Σ_c e_c s_ci / Σ_c e_c`: the fidelity of the whole layer when
 * component i alone is kept. With `'mean'`, the plain mean of `s_ci` over outputs.
 *
 * @returns length n, in [0, 1]; a layer without energy scores 0 throughout
 * @throws ShapeMismatchError, ArgumentRangeError for statistics of wrong sizes
 */
export function singletonScores(statistics: LayerStatistics, weighting: OutputWeighting = 'energy'): Float64Array {
  const fidelity = singletonFidelity(statistics);
  const { n, m, energy } = statistics;
  const scores = new Float64Array(n);
  let total = 0;
  for (let c = 0; c < m; c++) {
    const weight = weighting === 'energy' ? energy[c] : 1;
    total += weight;
    for (let i = 0; i < n; i++) scores[i] += weight * fidelity[c * n + i];
  }
  if (total > 0) for (let i = 0; i < n; i++) scores[i] /= total;
  return scores;
}
