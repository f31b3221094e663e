import { dot } from '../denseProduct.ts';
import type { InverseRegression } from './blockRegression.ts';

/** What is left of a problem: the undecided blocks, packed in some order. */
interface Level {
  /** Block → its first feature here. */
  readonly at: Int32Array;
  /** Their part H of the inverse, row-major `size × size`. */
  readonly inverse: Float64Array;
  /** Their part V of the solution, feature-major `size × rows`. */
  readonly solution: Float64Array;
  size: number;
}

/**
 * Problems from which one block after another has been removed, every step kept, so that a search
 * can go back: level l is what is left after l removals, of which only what belongs to the undecided
 * blocks is known.
 */
export class RemovalStack {
  readonly #problems: readonly InverseRegression[];
  readonly #levels: Level[][];
  /** Per feature that is left, `L⁻¹` times its part of the removed block's columns; and of the solution. */
  readonly #columns: Float64Array;
  readonly #explained: Float64Array;

  constructor(problems: readonly InverseRegression[], components: number) {
    this.#problems = problems;
    this.#levels = problems.map(({ matrix, targets, starts }) =>
      Array.from({ length: components }, (_, level) =>
        level === 0
          ? { at: starts.slice(0, components), inverse: matrix, solution: targets, size: starts[starts.length - 1] }
          : { at: new Int32Array(components), inverse: new Float64Array(starts[components] ** 2), solution: new Float64Array(targets.length), size: 0 }));
    const widest = (of: (problem: InverseRegression, width: number) => number): number =>
      Math.max(0, ...problems.map((problem) => of(problem, widestBlock(problem, components))));
    this.#columns = new Float64Array(widest(({ starts }, width) => starts[components] * width));
    this.#explained = new Float64Array(widest(({ rows }, width) => rows * width));
  }

  /** What the levels take. */
  static bytes(problems: readonly InverseRegression[], components: number): number {
    return problems.reduce((sum, { starts, targets }) => sum + 8 * components * (starts[components] ** 2 + targets.length), 0);
  }

  /** Multiply-adds of a removal and the costs that follow, about. */
  static work(problems: readonly InverseRegression[], components: number): number {
    return problems.reduce((sum, { rows, starts }) => {
      const [size, width] = [starts[components], starts[components] / components];
      return sum + (width * size * (size + rows + width)) / 4 + 20 * components;
    }, 0);
  }

  /** What removing each of `open` alone costs at this level, `tr(V_i (H_ii)⁻¹ V_iᵀ)` weighted and summed; never negative. */
  costs(level: number, open: readonly number[]): Float64Array {
    const costs = new Float64Array(open.length);
    this.#problems.forEach(({ weight, starts, rows }, problem) => {
      const { at, inverse, solution, size } = this.#levels[problem][level];
      open.forEach((i, a) => {
        const first = at[i];
        const width = starts[i + 1] - starts[i];
        if (width === 0) return;
        let cost = 0;
        if (width === 1) {
          for (let r = first * rows; r < (first + 1) * rows; r++) cost += solution[r] * solution[r];
          cost /= inverse[first * size + first];
        } else {
          const pivots = factorOf(inverse, size, first, width);
          this.#solve(pivots, width, solution, first, rows);
          for (let r = 0; r < width * rows; r++) cost += this.#explained[r] * this.#explained[r];
        }
        costs[a] += weight * Math.max(0, cost);
      });
    });
    return costs;
  }

  /** Writes level + 1: block i removed from level, and `rest` the blocks that are undecided from there on. */
  remove(level: number, i: number, rest: readonly number[]): void {
    this.#problems.forEach(({ starts, rows }, problem) => {
      const from = this.#levels[problem][level];
      const to = this.#levels[problem][level + 1];
      const width = starts[i + 1] - starts[i];
      const first = from.at[i];
      let size = 0;
      for (const block of rest) {
        to.at[block] = size;
        size += starts[block + 1] - starts[block];
      }
      to.size = size;
      const pivots = width > 0 ? factorOf(from.inverse, from.size, first, width) : from.inverse;
      this.#solve(pivots, width, from.solution, first, rows);
      for (const block of rest) {
        for (let q = 0; q < starts[block + 1] - starts[block]; q++) {
          const row = to.at[block] + q;
          const source = from.at[block] + q;
          this.#copyRow(problem, level, rest, source, row);
          this.#solveRow(pivots, width, from, source, first, row);
          for (let r = 0; r < rows; r++) {
            let value = from.solution[source * rows + r];
            for (let s = 0; s < width; s++) value -= this.#columns[row * width + s] * this.#explained[s * rows + r];
            to.solution[row * rows + r] = value;
          }
        }
      }
      this.#subtractColumns(to.inverse, size, width);
    });
  }

  /** `L⁻¹ V_i` into `#explained`. */
  #solve(pivots: Float64Array, width: number, solution: Float64Array, first: number, rows: number): void {
    const y = this.#explained;
    for (let q = 0; q < width; q++) {
      const pivot = pivots[q * width + q];
      for (let r = 0; r < rows; r++) {
        let value = solution[(first + q) * rows + r];
        for (let s = 0; s < q; s++) value -= pivots[q * width + s] * y[s * rows + r];
        y[q * rows + r] = value / pivot;
      }
    }
  }

  /** `L⁻¹ H_ij` into row `row` of `#columns`. */
  #solveRow(pivots: Float64Array, width: number, { inverse, size }: Level, source: number, first: number, row: number): void {
    const columns = this.#columns;
    for (let q = 0; q < width; q++) {
      let value = inverse[source * size + first + q];
      for (let s = 0; s < q; s++) value -= columns[row * width + s] * pivots[q * width + s];
      columns[row * width + q] = value / pivots[q * width + q];
    }
  }

  /** One row of what is left, up to the diagonal's block, packed as the next level has it. */
  #copyRow(problem: number, level: number, rest: readonly number[], source: number, row: number): void {
    const { starts } = this.#problems[problem];
    const from = this.#levels[problem][level];
    const to = this.#levels[problem][level + 1];
    const start = source * from.size;
    for (const block of rest) {
      const target = row * to.size + to.at[block];
      const width = starts[block + 1] - starts[block];
      for (let q = 0; q < width; q++) to.inverse[target + q] = from.inverse[start + from.at[block] + q];
      if (to.at[block] > row) return;
    }
  }

  /** `H −= C Cᵀ`, lower triangle, then mirrored. */
  #subtractColumns(inverse: Float64Array, size: number, width: number): void {
    const columns = this.#columns;
    for (let a = 0; a < size; a++) {
      const own = a * width;
      for (let b = 0; b <= a; b++) {
        const other = b * width;
        let sum = 0;
        for (let q = 0; q < width; q++) sum += columns[own + q] * columns[other + q];
        const value = inverse[a * size + b] - sum;
        inverse[a * size + b] = value;
        inverse[b * size + a] = value;
      }
    }
  }
}

function widestBlock({ starts }: InverseRegression, components: number): number {
  let widest = 0;
  for (let i = 0; i < components; i++) widest = Math.max(widest, starts[i + 1] - starts[i]);
  return widest;
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
