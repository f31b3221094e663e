import { choleskyWithRidge, solveFactored } from '../fidelity/cholesky.ts';

/** Vectors in rows, `count × size` row-major. */
export interface Features {
  readonly count: number;
  readonly size: number;
  readonly values: ArrayLike<number>;
}

/** A linear classifier: class scores `weights x + bias`. */
export interface LinearProbe {
  readonly classes: number;
  readonly size: number;
  /** Row-major `classes × size`. */
  readonly weights: Float64Array;
  readonly bias: Float64Array;
}

/** λ relative to the mean variance of a feature. */
export const PROBE_RIDGE = 0.1;

/**
 * Ridge regression from features to one-hot classes, in closed form: with features and targets about
 * their means, `W = Yᵀ X (Xᵀ X + λ I)⁻¹`; the bias is free of the ridge. Where nothing factors (NaN), all
 * weights are 0. O(count size² + size³/6).
 */
export function ridgeProbe(features: Features, labels: ArrayLike<number>, classes: number, ridge = PROBE_RIDGE): LinearProbe {
  const { count, size, values } = features;
  const mean = new Float64Array(size);
  for (let k = 0; k < count * size; k++) mean[k % size] += values[k] / count;
  const shares = new Float64Array(classes);
  for (let k = 0; k < count; k++) shares[labels[k]] += 1 / count;
  const gram = new Float64Array(size * size);
  const cross = new Float64Array(classes * size);
  for (let k = 0; k < count; k++) {
    const row = Float64Array.from({ length: size }, (_, q) => values[k * size + q] - mean[q]);
    for (let i = 0; i < size; i++) {
      for (let j = 0; j <= i; j++) gram[i * size + j] += row[i] * row[j];
    }
    for (let c = 0; c < classes; c++) {
      const target = (labels[k] === c ? 1 : 0) - shares[c];
      for (let q = 0; q < size; q++) cross[c * size + q] += target * row[q];
    }
  }
  const factored = choleskyWithRidge(gram, size, { relative: ridge });
  const weights = factored.ok ? solveFactored(factored.factor, size, cross, classes) : new Float64Array(classes * size);
  const bias = shares.map((share, c) => mean.reduce((rest, value, q) => rest - weights[c * size + q] * value, share));
  return { classes, size, weights, bias };
}

/** The class of greatest score for each row; the first of equals. */
export function probeClasses({ classes, size, weights, bias }: LinearProbe, features: Features): Int32Array {
  return Int32Array.from({ length: features.count }, (_, k) => {
    let [best, most] = [0, -Infinity];
    for (let c = 0; c < classes; c++) {
      let score = bias[c];
      for (let q = 0; q < size; q++) score += weights[c * size + q] * features.values[k * size + q];
      if (score > most) [best, most] = [c, score];
    }
    return best;
  });
}
