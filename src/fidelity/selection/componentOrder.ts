import { checkInteger } from '../argumentErrors.ts';
import type { FitOptions } from '../compensationMethod.ts';
import { type BlockRegression, blockRegressions, type Fit, inverseRegressions, type Reader } from './blockRegression.ts';
import { SchurComplement } from './schurComplement.ts';

export interface OrderOptions extends FitOptions {
  /** How many components to choose. Default: all. */
  readonly count?: number;
}

/**
 * Forward greedy selection on the sum of the readers' fidelities (orthogonal matching pursuit
 * summed over layers and outputs): each step adds the component that raises it most.
 *
 * The gain of component i given the chosen C is `tr(B_i (S_ii)⁻¹ B_iᵀ)`, S the Schur complement of
 * C in the fit's normal matrix (the patch Gram under least squares, `Q^c` of each output under
 * `'scale'`) and B the residual of its right-hand sides; less what the ridge charges for having i.
 * λ stays at its starting value; a component that the chosen ones already span adds nothing. Ties go
 * to the lower index.
 *
 * @param components how many candidates there are
 * @returns candidates in order of choice. With N = np features in a layer O(N³/6 + m N²/2) under
 * least squares, O(m (N²/2 + n³/6)) under `'scale'`
 * @throws ShapeMismatchError, ArgumentRangeError, ComponentIndexError
 */
export function greedyOrder(readers: readonly Reader[], components: number, fit: Fit, options: OrderOptions = {}): number[] {
  const { count = components } = options;
  checkInteger('greedyOrder: count', count, 0, components);
  return eliminationOrder(blockRegressions(readers, fit, options), components, count, 'greatest');
}

/**
 * Backward elimination on the same sum: from all components on, each step removes the one that
 * lowers it least.
 *
 * With H the inverse of the normal matrix of what is left and V the fitted weights, removing
 * component i costs `tr(V_i (H_ii)⁻¹ V_iᵀ)`, less what the ridge charged for it; H and V of what is
 * left after are the Schur complements of i in them. So this is the greedy kernel, on the inverse.
 *
 * @returns candidates from the last removed to the first: the first k are the set of size k. With
 * N = np features in a layer O(N³ · 2/3 + m N²)
 * @throws ShapeMismatchError, ArgumentRangeError, ComponentIndexError
 */
export function backwardOrder(readers: readonly Reader[], components: number, fit: Fit, options: FitOptions = {}): number[] {
  return eliminationOrder(inverseRegressions(readers, fit, options), components, components, 'least').reverse();
}

function eliminationOrder(
  problems: readonly BlockRegression[],
  components: number,
  count: number,
  wanted: 'greatest' | 'least',
): number[] {
  const isForward = wanted === 'greatest';
  const complements = problems.map((problem) => {
    const complement = new SchurComplement(problem, isForward ? undefined : components);
    // What stays in any case comes first, where components are added; where they are removed, it never goes.
    if (isForward) for (let i = components; i < problem.starts.length - 1; i++) complement.eliminate(i);
    return complement;
  });
  const order: number[] = [];
  const open = new Set(Array.from({ length: components }, (_, i) => i));
  const gain = new Float64Array(components);
  while (order.length < count) {
    gain.fill(0);
    for (const complement of complements) complement.addGains(gain);
    let best = -1;
    // Where nothing tells two apart, the lower index is the better one.
    for (const i of open) if (best < 0 || (isForward ? gain[i] > gain[best] : gain[i] <= gain[best])) best = i;
    for (const complement of complements) complement.eliminate(best);
    open.delete(best);
    order.push(best);
  }
  return order;
}
