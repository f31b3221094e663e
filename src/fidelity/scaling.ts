import { choleskyWithRidge } from './cholesky.ts';
import type { LayerRidge } from './compensationMethod.ts';

/** The factored normal equations of δ*, or that they do not factor. */
export type FactoredScaling =
  | {
      readonly ok: true;
      /** L of `Q^c + λ diag(‖w_ci‖²) = L Lᵀ`, row-major `k × k`. */
      readonly factor: Float64Array;
      /** `b_ci + λ ‖w_ci‖²`, length k. */
      readonly target: Float64Array;
      /** The λ that was used. */
      readonly ridge: number;
    }
  | { readonly ok: false };

/**
 * Factors the system `(Q^c + λ D) δ = b_c + λ D 1`, `D = diag(‖w_ci‖²)`, whose solution is the
 * paper's δ* for one output (ModHiFi, arXiv 2511.19566, section 3), drawn to 1 by the ridge.
 *
 * A component whose weights are all 0 adds nothing at any scale, and its row of the system is 0:
 * it is left out by a 1 on the diagonal. Kernel.
 *
 * @param pairs `Q^c`, row-major `k × k`, of which the lower triangle is read
 * @param cross `b_c`, length k
 * @param norms `‖w_ci‖²`, length k
 * @returns O(k³/6)
 */
export function factorScaling(
  pairs: Float64Array,
  cross: Float64Array,
  norms: Float64Array,
  ridge: LayerRidge,
): FactoredScaling {
  const k = cross.length;
  let system = pairs;
  if (norms.includes(0)) {
    system = pairs.slice();
    for (let a = 0; a < k; a++) if (norms[a] === 0) system[a * k + a] = 1;
  }
  const factored = choleskyWithRidge(system, k, { ...ridge, weights: norms });
  if (!factored.ok) return { ok: false };
  const target = cross.map((b, a) => b + factored.ridge * norms[a]);
  return { ok: true, factor: factored.factor, target, ridge: factored.ridge };
}
