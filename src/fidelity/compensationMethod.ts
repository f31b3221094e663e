import { DEFAULT_RIDGE, meanDiagonal } from './cholesky.ts';
import type { LayerStatistics } from './layerStatistics.ts';

/**
 * What the kept weights of a layer may become:
 * - `'none'`: they stay as they are;
 * - `'scale'`: each output scales its kept components, `δ_ci w_ci` (the paper's δ*);
 * - `'leastSquares'`: all kept weights are refitted;
 * - `'leastSquaresBias'`: all kept weights and the bias. Without `means` in the statistics it is
 *   `'leastSquares'`, and the bias stays.
 *
 * Each is a special case of the next, and so are their fidelities ordered.
 */
export type Compensation = 'none' | 'scale' | 'leastSquares' | 'leastSquaresBias';

/**
 * The one regularisation of this room: the fit minimises
 * `E‖Y_c − vᵀ x_C‖² + λ ‖v − w_cC‖²` over v (for `'scale'`, over `v = δ_ci w_ci`). It draws
 * towards the weights that the layer has, not towards zero, so that
 * - no ridge makes a fit worse than `'none'`, and the order none ≤ scale ≤ leastSquares stays exact;
 * - keeping everything on intact inputs keeps every weight, with fidelity 1;
 * - dead inputs leave their weights alone.
 *
 * It amounts to `G + λI` for G and `cross + λW` for cross, hence in `'scale'` to `‖w_ci‖² λ` on
 * the diagonal of `Q^c`; a bias is free of it. λ starts at `ridge · mean(diag G)` of the whole layer, so it is the same
 * for every subset, and is raised tenfold until the system factors. Where none factors (NaN in
 * the statistics), the weights are kept: the limit of λ → ∞.
 *
 * Fidelities that come with a ridge count `λ ‖v − w_cC‖²` as error: they never flatter.
 */
export interface FitOptions {
  /** λ to start at, relative to the mean diagonal of the layer's G. Default 1e-6; 0: none unless needed. */
  readonly ridge?: number;
}

/** `FitOptions` for functions that may look at some outputs only. */
export interface OutputSampleOptions extends FitOptions {
  /** Outputs to evaluate, the fidelity being theirs alone. Default: all. See `sampleIndices`. */
  readonly outputs?: ArrayLike<number>;
}

/** The ridge in the terms of `choleskyWithRidge`, for one layer. */
export interface LayerRidge {
  readonly relative: number;
  readonly reference: number;
}

/** Reads a layer's ridge off its options. O(np). */
export function layerRidge(statistics: LayerStatistics, options: FitOptions): LayerRidge {
  return {
    relative: options.ridge ?? DEFAULT_RIDGE,
    reference: meanDiagonal(statistics.gram, statistics.n * statistics.p),
  };
}

/**
 * Whether the weights of output c cancel from `'scale'`: a component has one weight, and none is
 * 0, so scaling reaches every weight and is least squares. Then one factorisation of G serves
 * every such output. O(n).
 */
export function scaleIsLeastSquares({ n, p, weights }: LayerStatistics, c: number): boolean {
  return p === 1 && !weights.subarray(c * n, (c + 1) * n).includes(0);
}
