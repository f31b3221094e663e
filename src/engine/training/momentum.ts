/** What one step of gradient descent goes by. */
export interface DescentStep {
  readonly rate: number;
  readonly momentum: number;
  /** λ of `λ/2 ‖w‖²`. */
  readonly weightDecay: number;
  /** γ of `γ ‖w‖₁`. */
  readonly l1: number;
  /** Weights of exactly 0 stay 0. */
  readonly keepZeros: boolean;
}

/**
 * One step of SGD with momentum in place, as PyTorch has it: `v ← μ v + g + λ w + γ sign(w)`, `w ← w − rate v`.
 *
 * @param factor of the gradient: one over the pictures that it was summed over, negative for ascent
 * @returns whether all weights are still finite
 */
export function descend(weights: Float32Array, velocity: Float32Array, gradient: ArrayLike<number>, factor: number, step: DescentStep): boolean {
  const { rate, momentum, weightDecay, l1, keepZeros } = step;
  let total = 0;
  for (let k = 0; k < weights.length; k++) {
    const w = weights[k];
    if (keepZeros && w === 0) continue;
    velocity[k] = momentum * velocity[k] + factor * gradient[k] + weightDecay * w + l1 * Math.sign(w);
    weights[k] = w - rate * velocity[k];
    total += weights[k];
  }
  return Number.isFinite(total);
}

/** What gradients of this factor are to be multiplied by so that they are together at most `most` long; 0: no limit. */
export function clipped(gradients: Iterable<Readonly<Record<string, Float32Array>>>, factor: number, most: number): number {
  if (most === 0) return factor;
  let squares = 0;
  for (const own of gradients) for (const values of Object.values(own)) for (const value of values) squares += value * value;
  const norm = Math.abs(factor) * Math.sqrt(squares);
  return norm > most ? (factor * most) / norm : factor;
}
