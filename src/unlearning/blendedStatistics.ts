import type { LayerStatistics } from '../fidelity/layerStatistics.ts';

/**
 * The statistics whose least squares are forget-aware: fits on them minimise
 *
 *     E_r‖y_r − W' x_r‖² + μ E_f‖t − W' x_f‖²
 *
 * (up to the factor 1 + μ, by which all is divided so that a bias sees as many positions as before).
 * Both terms are quadratic in W', so their Grams, cross products, energies and means simply add.
 *
 * @param retain statistics over retain samples, their targets being what is to be preserved
 * @param forget the same layer's over forget samples, their targets being what is to be said instead
 * @param mu at least 0; 0 gives `retain`'s own values
 * @returns new arrays, the weights being `retain`'s; O((np)² + m np). With means where both have them
 */
export function blendedStatistics(retain: LayerStatistics, forget: LayerStatistics, mu: number): LayerStatistics {
  const blend = (a: Float64Array, b: Float64Array) => a.map((value, k) => (value + mu * b[k]) / (1 + mu));
  const { n, p, m, weights } = retain;
  const means = retain.means && forget.means && {
    input: blend(retain.means.input, forget.means.input),
    output: blend(retain.means.output, forget.means.output),
    positions: retain.means.positions,
  };
  return {
    n, p, m, weights,
    gram: blend(retain.gram, forget.gram),
    cross: blend(retain.cross, forget.cross),
    energy: blend(retain.energy, forget.energy),
    ...(means ? { means } : {}),
  };
}
