/** Observations of 0/1 variables: for each, the variables that are 1. */
export interface SparseDesign {
  readonly variables: number;
  readonly ones: readonly Int32Array[];
}

/**
 * Ridge regression with an intercept that is not shrunk: the coefficients that minimise
 * `Σ_k (y_k − β_0 − Σ_j x_kj β_j)² + λ Σ_j β_j²`, by conjugate gradients on the normal equations of the
 * centred variables, which are never formed.
 *
 * @param tolerance residual of the normal equations, relative, at which it stops
 * @returns the coefficients without the intercept; O(ones · steps), usually some dozen steps
 */
export function ridgeRegression({ variables, ones }: SparseDesign, y: ArrayLike<number>, lambda: number, tolerance = 1e-10): Float64Array {
  const observations = ones.length;
  const means = new Float64Array(variables);
  for (const own of ones) for (const j of own) means[j] += 1 / observations;
  const centre = Array.from(y).reduce((sum, value) => sum + value, 0) / observations;

  /** `Xᶜᵀ u` */
  const gathered = (u: Float64Array): Float64Array => {
    const result = new Float64Array(variables);
    let total = 0;
    for (let k = 0; k < observations; k++) {
      total += u[k];
      for (const j of ones[k]) result[j] += u[k];
    }
    for (let j = 0; j < variables; j++) result[j] -= means[j] * total;
    return result;
  };
  /** `(Xᶜᵀ Xᶜ + λ) v` */
  const applied = (v: Float64Array): Float64Array => {
    const offset = dot(means, v);
    const u = Float64Array.from(ones, (own) => own.reduce((sum, j) => sum + v[j], -offset));
    return gathered(u).map((value, j) => value + lambda * v[j]);
  };

  const beta = new Float64Array(variables);
  let residual = gathered(Float64Array.from(y, (value) => value - centre));
  let direction = residual.slice();
  let square = dot(residual, residual);
  const enough = square * tolerance ** 2;
  for (let step = 0; step < 10 * variables && square > enough; step++) {
    const image = applied(direction);
    const length = square / dot(direction, image);
    for (let j = 0; j < variables; j++) beta[j] += length * direction[j];
    residual = residual.map((value, j) => value - length * image[j]);
    const next = dot(residual, residual);
    direction = residual.map((value, j) => value + (next / square) * direction[j]);
    square = next;
  }
  return beta;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let k = 0; k < a.length; k++) sum += a[k] * b[k];
  return sum;
}
