import { dot } from '../denseProduct.ts';
import type { BlockRegression } from './blockRegression.ts';

/**
 * A problem after some of its blocks C have been eliminated: its Schur complement
 * `S = M − M_{:,C} (M_CC)⁻¹ M_{C,:}` and the targets' residual `B = T − T_C (M_CC)⁻¹ M_{C,:}`.
 *
 * Only what choices are made by is kept up to date: the diagonal blocks of S, and B. The columns
 * of a block are formed when it is eliminated, from the columns of the Cholesky factor that came
 * before: with N features in all, at most N³/6 multiply-adds over a whole run.
 */
export class SchurComplement {
  readonly #problem: BlockRegression;
  readonly #size: number;
  /** Whether every block is one feature and there is one right-hand side, as under `'scale'`. */
  readonly #isPointwise: boolean;
  /** Row-major, one row a feature; its columns are the eliminated features, in order. */
  readonly #factor: Float64Array;
  #eliminated = 0;
  /** Diagonal blocks of S, row-major one after another; of each its lower triangle. */
  readonly #diagonal: Float64Array;
  readonly #blockAt: Int32Array;
  /** B, feature-major. */
  readonly #residual: Float64Array;
  /** `‖B_q‖²` of every feature q, kept where features are eliminated one by one: a pass over B a step less. */
  readonly #energy: Float64Array | undefined;
  /** A pivot below this is rounding: the feature is a combination of eliminated ones. */
  readonly #least: Float64Array;
  /** Blocks that are not eliminated, ascending. */
  readonly #open: number[];

  /** @param candidates the blocks from 0 that are ever looked at or eliminated; default: all */
  constructor(problem: BlockRegression, candidates = problem.starts.length - 1) {
    const { starts, matrix, targets, rows } = problem;
    const blocks = starts.length - 1;
    const size = starts[blocks];
    this.#problem = problem;
    this.#size = size;
    this.#isPointwise = problem.rows === 1 && starts.every((start, i) => start === i);
    this.#factor = new Float64Array(size * size);
    this.#residual = targets.slice();
    const isSingle = starts.every((start, i) => i === 0 || start - starts[i - 1] <= 1);
    this.#energy = isSingle ? Float64Array.from({ length: size }, (_, q) => dot(targets, q * rows, targets, q * rows, rows)) : undefined;
    this.#blockAt = new Int32Array(blocks + 1);
    for (let i = 0; i < blocks; i++) this.#blockAt[i + 1] = this.#blockAt[i] + (starts[i + 1] - starts[i]) ** 2;
    this.#diagonal = new Float64Array(this.#blockAt[blocks]);
    this.#least = new Float64Array(size);
    for (let i = 0; i < blocks; i++) {
      const width = starts[i + 1] - starts[i];
      for (let a = 0; a < width; a++) {
        const row = (starts[i] + a) * size + starts[i];
        this.#least[starts[i] + a] = size * Number.EPSILON * matrix[row + a];
        for (let b = 0; b <= a; b++) this.#diagonal[this.#blockAt[i] + a * width + b] = matrix[row + b];
      }
    }
    this.#open = Array.from({ length: candidates }, (_, i) => i);
  }

  /**
   * Adds to `gain[i]`, for every block i < gain.length that is not eliminated, `weight` times what
   * eliminating it explains, `tr(B_i (S_ii)⁻¹ B_iᵀ)`, less its charge. O(N (p²/6 + rows p/2)).
   */
  addGains(gain: Float64Array): void {
    const { starts, rows, weight, charge } = this.#problem;
    for (const i of this.#open) {
      if (i >= gain.length) break;
      const first = starts[i];
      const width = starts[i + 1] - first;
      if (width === 0) continue;
      let explained = 0;
      if (width === 1) {
        const pivot = this.#diagonal[this.#blockAt[i]];
        const energy = this.#energy?.[first] ?? dot(this.#residual, first * rows, this.#residual, first * rows, rows);
        explained = pivot > this.#least[first] ? energy / pivot : 0;
      } else for (const value of this.#explained(i, this.#pivotBlock(i))) explained += value * value;
      gain[i] += weight * (explained - charge[i]);
    }
  }

  /** Eliminates block i. O(N · eliminated · p + rows N p), N the features that are left. */
  eliminate(i: number): void {
    this.#open.splice(this.#open.indexOf(i), 1);
    const { starts, matrix, rows } = this.#problem;
    const width = starts[i + 1] - starts[i];
    if (width === 0) return;
    if (this.#isPointwise) return this.#eliminatePoint(i);
    const factor = this.#factor;
    const size = this.#size;
    const before = this.#eliminated;
    const pivots = this.#pivotBlock(i);
    const explained = this.#explained(i, pivots);
    const left = this.#openFeatures();
    eliminatedProducts(factor, size, before, left, starts[i], width);
    for (const j of left) {
      const row = j * size + before;
      for (let q = 0; q < width; q++) {
        let value = matrix[j * size + starts[i] + q] - factor[row + q];
        for (let r = 0; r < q; r++) value -= factor[row + r] * pivots[q * width + r];
        const pivot = pivots[q * width + q];
        factor[row + q] = pivot > 0 ? value / pivot : 0;
      }
      if (this.#energy) this.#energy[j] = subtractRow(this.#residual, j * rows, explained, rows, factor[row]);
      else subtractRows(this.#residual, j * rows, explained, rows, factor, row, width);
    }
    for (const block of this.#open) this.#downdate(block, before, width);
    this.#eliminated += width;
  }

  /** `eliminate` where `#isPointwise`. */
  #eliminatePoint(i: number): void {
    const { matrix } = this.#problem;
    const factor = this.#factor;
    const size = this.#size;
    const before = this.#eliminated++;
    const pivot = this.#diagonal[i];
    // Spanned already: the complement does not change, and its column stays 0.
    if (!(pivot > this.#least[i])) return;
    const open = this.#open;
    const root = Math.sqrt(pivot);
    const explained = this.#residual[i] / root;
    columnProducts(factor, size, before, open, i);
    for (const j of open) {
      const at = j * size + before;
      const value = (matrix[j * size + i] - factor[at]) / root;
      factor[at] = value;
      this.#diagonal[j] -= value * value;
      this.#residual[j] -= value * explained;
      if (this.#energy) this.#energy[j] = this.#residual[j] ** 2;
    }
  }

  /** Cholesky factor of `S_ii`, row-major; 0 in the rows and columns of features that are spanned already. */
  #pivotBlock(i: number): Float64Array {
    const { starts } = this.#problem;
    const width = starts[i + 1] - starts[i];
    const block = this.#diagonal.slice(this.#blockAt[i], this.#blockAt[i + 1]);
    for (let q = 0; q < width; q++) {
      for (let r = 0; r <= q; r++) {
        const known = dot(block, q * width, block, r * width, r);
        const value = block[q * width + r] - known;
        if (r === q) block[q * width + q] = value > this.#least[starts[i] + q] ? Math.sqrt(value) : 0;
        else block[q * width + r] = block[r * width + r] > 0 ? value / block[r * width + r] : 0;
      }
    }
    return block;
  }

  /** `L⁻¹ B_i` with L the pivot block, `p × rows`. */
  #explained(i: number, pivots: Float64Array): Float64Array {
    const { starts, rows } = this.#problem;
    const width = starts[i + 1] - starts[i];
    const y = this.#residual.slice(starts[i] * rows, starts[i + 1] * rows);
    for (let q = 0; q < width; q++) {
      const pivot = pivots[q * width + q];
      const row = q * rows;
      if (!(pivot > 0)) {
        y.fill(0, row, row + rows);
        continue;
      }
      subtractRows(y, row, y, rows, pivots, q * width, q);
      for (let at = row; at < row + rows; at++) y[at] /= pivot;
    }
    return y;
  }

  #downdate(block: number, before: number, count: number): void {
    const { starts } = this.#problem;
    const width = starts[block + 1] - starts[block];
    const first = starts[block] * this.#size + before;
    for (let a = 0; a < width; a++) {
      for (let b = 0; b <= a; b++) {
        const at = this.#blockAt[block] + a * width + b;
        this.#diagonal[at] -= dot(this.#factor, first + a * this.#size, this.#factor, first + b * this.#size, count);
      }
    }
  }

  #openFeatures(): Int32Array {
    const { starts } = this.#problem;
    const features: number[] = [];
    for (const block of this.#open) for (let q = starts[block]; q < starts[block + 1]; q++) features.push(q);
    return Int32Array.from(features);
  }
}

/** `target −= factor · source` over `length` elements from `at` on; the sum of squares of what is left. */
function subtractRow(target: Float64Array, at: number, source: Float64Array, length: number, factor: number): number {
  let even = 0;
  let odd = 0;
  let r = 0;
  for (; r + 1 < length; r += 2) {
    const first = (target[at + r] -= factor * source[r]);
    const second = (target[at + r + 1] -= factor * source[r + 1]);
    even += first * first;
    odd += second * second;
  }
  if (r < length) even += (target[at + r] -= factor * source[r]) ** 2;
  return even + odd;
}

/** `target −= Σ_q factors[q] · row q of source`, rows of `length` elements, `count` of them. */
function subtractRows(
  target: Float64Array, at: number, source: Float64Array, length: number, factors: Float64Array, from: number, count: number,
): void {
  let q = 0;
  for (; q + 3 <= count; q += 3) {
    const [f0, f1, f2] = [factors[from + q], factors[from + q + 1], factors[from + q + 2]];
    const [r0, r1, r2] = [q * length, (q + 1) * length, (q + 2) * length];
    for (let r = 0; r < length; r++) target[at + r] -= f0 * source[r0 + r] + f1 * source[r1 + r] + f2 * source[r2 + r];
  }
  for (; q < count; q++) {
    const factor = factors[from + q];
    const row = q * length;
    for (let r = 0; r < length; r++) target[at + r] -= factor * source[row + r];
  }
}

/**
 * For every feature j of `left` and q < width the inner product of the first `count` columns of
 * rows j and `first + q` of the factor, written to row j, column `count + q`.
 */
function eliminatedProducts(factor: Float64Array, size: number, count: number, left: Int32Array, first: number, width: number): void {
  const whole = width - (width % 2);
  let a = 0;
  for (; a + 4 <= left.length; a += 4) {
    const [j0, j1, j2, j3] = [left[a] * size, left[a + 1] * size, left[a + 2] * size, left[a + 3] * size];
    for (let q = 0; q < whole; q += 2) fourByTwo(factor, j0, j1, j2, j3, (first + q) * size, size, count, q);
    if (whole < width) fourByOne(factor, j0, j1, j2, j3, (first + whole) * size, count, whole);
  }
  for (; a < left.length; a++) {
    const row = left[a] * size;
    for (let q = 0; q < width; q++) factor[row + count + q] = dot(factor, row, factor, (first + q) * size, count);
  }
}

/** `eliminatedProducts` for one feature. */
function columnProducts(factor: Float64Array, size: number, count: number, left: readonly number[], i: number): void {
  let a = 0;
  for (; a + 4 <= left.length; a += 4) {
    fourByOne(factor, left[a] * size, left[a + 1] * size, left[a + 2] * size, left[a + 3] * size, i * size, count, 0);
  }
  for (; a < left.length; a++) factor[left[a] * size + count] = dot(factor, left[a] * size, factor, i * size, count);
}

function fourByTwo(
  factor: Float64Array, j0: number, j1: number, j2: number, j3: number, s0: number, size: number, count: number, q: number,
): void {
  const s1 = s0 + size;
  let a0 = 0, a1 = 0, a2 = 0, a3 = 0, b0 = 0, b1 = 0, b2 = 0, b3 = 0;
  for (let k = 0; k < count; k++) {
    const left = factor[s0 + k];
    const right = factor[s1 + k];
    a0 += factor[j0 + k] * left;
    b0 += factor[j0 + k] * right;
    a1 += factor[j1 + k] * left;
    b1 += factor[j1 + k] * right;
    a2 += factor[j2 + k] * left;
    b2 += factor[j2 + k] * right;
    a3 += factor[j3 + k] * left;
    b3 += factor[j3 + k] * right;
  }
  const at = count + q;
  factor[j0 + at] = a0;
  factor[j0 + at + 1] = b0;
  factor[j1 + at] = a1;
  factor[j1 + at + 1] = b1;
  factor[j2 + at] = a2;
  factor[j2 + at + 1] = b2;
  factor[j3 + at] = a3;
  factor[j3 + at + 1] = b3;
}

function fourByOne(
  factor: Float64Array, j0: number, j1: number, j2: number, j3: number, s: number, count: number, q: number,
): void {
  let a0 = 0, a1 = 0, a2 = 0, a3 = 0;
  for (let k = 0; k < count; k++) {
    const value = factor[s + k];
    a0 += factor[j0 + k] * value;
    a1 += factor[j1 + k] * value;
    a2 += factor[j2 + k] * value;
    a3 += factor[j3 + k] * value;
  }
  const at = count + q;
  factor[j0 + at] = a0;
  factor[j1 + at] = a1;
  factor[j2 + at] = a2;
  factor[j3 + at] = a3;
}
