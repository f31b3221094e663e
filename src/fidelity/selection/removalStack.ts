import { dot } from '../denseProduct.ts';
import type { InverseRegression } from './blockRegression.ts';

/**
 * Problems from which one block after another has been removed, every step kept, so that a search
 * can go back: level l is what is left after l removals. Of each level, only what belongs to the
 * undecided blocks is kept up to date: their part H of the inverse and V of the solution.
 */
export class RemovalStack {
  readonly #problems: readonly InverseRegression[];
  readonly #levels: { readonly inverse: Float64Array; readonly solution: Float64Array }[][];

  constructor(problems: readonly InverseRegression[], components: number) {
    this.#problems = problems;
    this.#levels = problems.map(({ matrix, targets }) =>
      Array.from({ length: components }, (_, level) =>
        level === 0
          ? { inverse: matrix, solution: targets }
          : { inverse: new Float64Array(matrix.length), solution: new Float64Array(targets.length) }));
  }

  /** What the levels take. */
  static bytes(problems: readonly InverseRegression[], components: number): number {
    return problems.reduce((sum, { matrix, targets }) => sum + 8 * components * (matrix.length + targets.length), 0);
  }

  /** Multiply-adds of a removal and the costs that follow, about. */
  static work(problems: readonly InverseRegression[], components: number): number {
    return problems.reduce((sum, { matrix, targets, rows, starts }) => {
      const width = starts[components] / components;
      return sum + width * (matrix.length / 4 + targets.length + starts[components] * (width / 6 + rows / 2)) + 200;
    }, 0);
  }

  /** What removing each of `open` alone costs at this level, `tr(V_i (H_ii)⁻¹ V_iᵀ)` weighted and summed; never negative. */
  costs(level: number, open: readonly number[]): Float64Array {
    const costs = new Float64Array(open.length);
    this.#problems.forEach(({ weight, starts, rows }, at) => {
      const { inverse, solution } = this.#levels[at][level];
      const size = starts[starts.length - 1];
      open.forEach((i, a) => {
        const first = starts[i];
        const width = starts[i + 1] - first;
        if (width === 0) return;
        let cost = 0;
        if (width === 1) {
          for (let r = first * rows; r < (first + 1) * rows; r++) cost += solution[r] * solution[r];
          cost /= inverse[first * size + first];
        } else {
          const pivots = factorOf(inverse, size, first, width);
          for (const value of solved(pivots, width, solution.slice(first * rows, (first + width) * rows), rows)) cost += value * value;
        }
        costs[a] += weight * Math.max(0, cost);
      });
    });
    return costs;
  }

  /** Writes level + 1: block i removed from level, of which only `rest` will be looked at. */
  remove(level: number, i: number, rest: readonly number[]): void {
    this.#problems.forEach(({ starts, rows }, at) => {
      const [from, to] = [this.#levels[at][level], this.#levels[at][level + 1]];
      const size = starts[starts.length - 1];
      const first = starts[i];
      const width = starts[i + 1] - first;
      const features: number[] = [];
      for (const block of rest) for (let q = starts[block]; q < starts[block + 1]; q++) features.push(q);
      const pivots = factorOf(from.inverse, size, first, width);
      const y = solved(pivots, width, from.solution.slice(first * rows, (first + width) * rows), rows);
      // Row per feature: L⁻¹ of its column of H.
      const columns = new Float64Array(features.length * width);
      features.forEach((j, a) => {
        for (let q = 0; q < width; q++) {
          const value = from.inverse[j * size + first + q] - dot(columns, a * width, pivots, q * width, q);
          columns[a * width + q] = value / pivots[q * width + q];
        }
      });
      features.forEach((j, a) => {
        for (let b = 0; b <= a; b++) {
          const k = features[b];
          const value = from.inverse[j * size + k] - dot(columns, a * width, columns, b * width, width);
          to.inverse[j * size + k] = value;
          to.inverse[k * size + j] = value;
        }
        for (let r = 0; r < rows; r++) {
          let value = from.solution[j * rows + r];
          for (let q = 0; q < width; q++) value -= columns[a * width + q] * y[q * rows + r];
          to.solution[j * rows + r] = value;
        }
      });
    });
  }
}

/** Cholesky factor of a diagonal block of H, row-major. H is an inverse, so it is positive definite to rounding. */
function factorOf(inverse: Float64Array, size: number, first: number, width: number): Float64Array {
  const factor = new Float64Array(width * width);
  for (let q = 0; q < width; q++) {
    for (let r = 0; r <= q; r++) {
      const value = inverse[(first + q) * size + first + r] - dot(factor, q * width, factor, r * width, r);
      factor[q * width + r] = r === q ? Math.sqrt(Math.max(value, Number.MIN_VALUE)) : value / factor[r * width + r];
    }
  }
  return factor;
}

/** `L⁻¹ Y` for a row-major `width × rows`; overwrites and returns `y`. */
function solved(factor: Float64Array, width: number, y: Float64Array, rows: number): Float64Array {
  for (let q = 0; q < width; q++) {
    for (let r = 0; r < rows; r++) {
      let value = y[q * rows + r];
      for (let s = 0; s < q; s++) value -= factor[q * width + s] * y[s * rows + r];
      y[q * rows + r] = value / factor[q * width + q];
    }
  }
  return y;
}
