import type { LayerMeans, LayerStatistics } from './layerStatistics.ts';

/** Statistics of which the part that a bias can explain has been taken out. */
export interface CentredStatistics {
  /** As a layer's own, about the means: fits on it are fits beside a free bias. */
  readonly statistics: LayerStatistics;
  /** Per output, what to add to the layer's bias when its weights are `fitted` (row-major `m × np`); length m. */
  readonly biasOf: (fitted: Float64Array) => Float64Array;
}

/**
 * The constant feature, eliminated. A fit with a bias has one more regressor, which is 1 at all T
 * positions: its Gram entry is T, its products with the inputs are `E[Σ x]` and with the targets
 * `E[Σ Y]`. Its Schur complement is
 *
 *     G − s sᵀ / T,   cross − t sᵀ / T,   e_c − t_c² / T,   s = E[Σ x], t = E[Σ Y],
 *
 * on which the weights can be fitted alone, in any order of components; the bias is then
 * `(t − V s) / T`. No ridge ever pulls it.
 *
 * @returns new arrays, the weights shared; O((np)² + m np). Undefined where the layer has no means
 */
export function centred(layer: LayerStatistics): CentredStatistics | undefined {
  const { n, p, m, gram, cross, energy, weights, means } = layer;
  if (!means) return undefined;
  const statistics = {
    n,
    p,
    m,
    weights,
    gram: lessOuter(gram, means.input, means.input, means.positions),
    cross: lessOuter(cross, means.output, means.input, means.positions),
    // What rounding leaves below 0 is an output that is constant.
    energy: energy.map((e, c) => Math.max(0, e - means.output[c] ** 2 / means.positions)),
  };
  return { statistics, biasOf: (fitted) => biasOf(fitted, means) };
}

/** `A − u vᵀ / T`, row-major. */
function lessOuter(a: Float64Array, u: Float64Array, v: Float64Array, positions: number): Float64Array {
  const result = a.slice();
  const columns = v.length;
  for (let i = 0; i < u.length; i++) {
    const factor = u[i] / positions;
    for (let j = 0; j < columns; j++) result[i * columns + j] -= factor * v[j];
  }
  return result;
}

function biasOf(fitted: Float64Array, { input, output, positions }: LayerMeans): Float64Array {
  return output.map((target, c) => {
    let explained = 0;
    for (let q = 0; q < input.length; q++) explained += fitted[c * input.length + q] * input[q];
    return (target - explained) / positions;
  });
}
