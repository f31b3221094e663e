import type { LayerMeans, LayerStatistics } from '../fidelity/layerStatistics.ts';

/** One error that a fit minimises, and what it weighs. */
export interface ErrorTerm {
  readonly statistics: LayerStatistics;
  /** At least 0. */
  readonly weight: number;
}

/**
 * The statistics whose least squares minimise a weighted sum of errors; forget-aware fits minimise
 *
 *     E_r‖y_r − W' x_r‖² + μ E_f‖t − W' x_f‖²
 *
 * (up to the sum of the weights, by which all is divided so that a bias sees as many positions as before).
 * All terms are quadratic in W', so their Grams, cross products, energies and means simply add.
 *
 * @param terms of the same layer, the first of a weight above 0; a weight of 0 leaves its term out
 * @returns new arrays, the weights being the first term's; O(terms ((np)² + m np)). With means where all have them
 */
export function blendedStatistics(terms: readonly ErrorTerm[]): LayerStatistics {
  const total = terms.reduce((sum, { weight }) => sum + weight, 0);
  const blend = (pick: (statistics: LayerStatistics) => Float64Array): Float64Array => {
    const sum = new Float64Array(pick(terms[0].statistics).length);
    for (const { statistics, weight } of terms) {
      if (weight === 0) continue;
      const [values, scale] = [pick(statistics), weight / total];
      for (let k = 0; k < sum.length; k++) sum[k] += scale * values[k];
    }
    return sum;
  };
  const [{ statistics: first }] = terms;
  const { n, p, m, weights } = first;
  const meansOf = ({ means }: LayerStatistics): LayerMeans => means ?? { input: new Float64Array(n * p), output: new Float64Array(m), positions: 1 };
  const means = terms.every(({ statistics }) => statistics.means) && {
    input: blend((own) => meansOf(own).input),
    output: blend((own) => meansOf(own).output),
    positions: meansOf(first).positions,
  };
  return {
    n, p, m, weights,
    gram: blend(({ gram }) => gram),
    cross: blend(({ cross }) => cross),
    energy: blend(({ energy }) => energy),
    ...(means ? { means } : {}),
  };
}
