import { compiledOnce } from './compiledOnce.ts';
import { NESTED_WASM } from './nested.generated.ts';

const PAGE = 65536;
/** Below this address nothing is stored: the compiled module's own data. */
const RESERVED = 1024;
/** WebAssembly's 4 GiB, less room for what is beside the matrix. */
const MOST_BYTES = 3 * 2 ** 30;
/** Rows after the last one that whole tiles write to. */
const SLACK_ROWS = 5;

interface Exports {
  readonly factor: (a: number, n: number, rows: number, stride: number, least: number) => number;
  readonly nested: (
    pairs: number, cross: number, charge: number, n: number, orders: number, first: number, count: number,
    gains: number, scratch: number, stride: number, least: number,
  ) => number;
}

/** The problem of one output whose prefixes are wanted in many orders. Ridged. */
export interface OrderedProblem {
  /** Row-major `n × n`; all of it is read. */
  readonly pairs: Float64Array;
  /** Length n. */
  readonly cross: Float64Array;
  /** What having each component costs, length n. */
  readonly charge: Float64Array;
}

const module = compiledOnce(NESTED_WASM);

/**
 * The SIMD kernel behind curves over random subsets, with a memory of its own that goes when it goes.
 * Undefined where the engine has no WebAssembly SIMD, or the problem is too large for its memory.
 *
 * @param n components
 * @param targets right-hand sides that are solved for at a time
 * @param orders orders at a time
 */
export function nestedKernel(n: number, targets: number, orders: number): NestedKernel | undefined {
  const compiled = module();
  const kernel = compiled && new NestedKernel(compiled, n, targets, orders);
  return kernel?.fits ? kernel : undefined;
}

class NestedKernel {
  /** Whether there was memory enough; if not, nothing else may be called. */
  readonly fits: boolean;
  /** Values between the starts of rows of `matrix`. */
  readonly stride: number;
  /** Room for a matrix of n rows and the right-hand sides after it, row-major with `stride`. */
  readonly matrix: Float64Array = new Float64Array(0);
  /** One row of n for each order: what its components have added so far. */
  readonly gains: Float64Array = new Float64Array(0);
  readonly #n: number;
  readonly #orders: number;
  readonly #exports: Exports | undefined;
  readonly #at: Readonly<Record<'matrix' | 'gains' | 'pairs' | 'cross' | 'charge' | 'orders' | 'least', number>>;
  readonly #buffer: ArrayBuffer = new ArrayBuffer(0);

  constructor(compiled: WebAssembly.Module, n: number, targets: number, orders: number) {
    this.#n = n;
    this.#orders = orders;
    this.stride = paddedStride(n);
    let end = RESERVED;
    const allocate = (bytes: number): number => {
      const address = Math.ceil(end / 16) * 16;
      end = address + bytes;
      return address;
    };
    const rows = n + targets + SLACK_ROWS;
    this.#at = {
      matrix: allocate(rows * this.stride * 8),
      gains: allocate(orders * n * 8),
      pairs: allocate(targets === 1 ? n * n * 8 : 0),
      cross: allocate(n * 8),
      charge: allocate(n * 8),
      orders: allocate(orders * n * 4),
      least: allocate((n + 2) * 8),
    };
    this.fits = end <= MOST_BYTES;
    if (!this.fits) return;
    const memory = new WebAssembly.Memory({ initial: Math.ceil((end + 64) / PAGE) });
    this.#exports = new WebAssembly.Instance(compiled, { env: { memory } }).exports as unknown as Exports;
    this.#buffer = memory.buffer;
    this.matrix = new Float64Array(memory.buffer, this.#at.matrix, rows * this.stride);
    this.gains = new Float64Array(memory.buffer, this.#at.gains, orders * n);
  }

  /** The orders that `addNested` goes through. */
  setOrders(orders: readonly ArrayLike<number>[]): void {
    const all = new Uint32Array(this.#buffer, this.#at.orders, this.#orders * this.#n);
    orders.forEach((order, r) => all.set(order, r * this.#n));
  }

  /**
   * Adds to `gains`, for every order, what each component explains of the target beyond those before
   * it, less its charge. O(orders · n³/6).
   *
   * @param onFailure gets each order in which the matrix is not positive definite; nothing is added for it
   */
  addNested({ pairs, cross, charge }: OrderedProblem, onFailure: (order: number) => void): void {
    const n = this.#n;
    const at = this.#at;
    new Float64Array(this.#buffer, at.pairs, n * n).set(pairs);
    new Float64Array(this.#buffer, at.cross, n).set(cross);
    new Float64Array(this.#buffer, at.charge, n).set(charge);
    for (let first = 0; first < this.#orders; first++) {
      first = this.#exports?.nested(at.pairs, at.cross, at.charge, n, at.orders, first, this.#orders, at.gains, at.matrix, this.stride, at.least) ?? 0;
      if (first < this.#orders) onFailure(first);
    }
  }

  /**
   * Overwrites the matrix by its Cholesky factor (lower triangle) and each of `targets` rows after
   * it, b, by `L⁻¹ b`. O(n³/6 + targets n²/2).
   *
   * @returns −1, or the pivot that was not positive
   */
  factor(targets: number): number {
    return this.#exports?.factor(this.#at.matrix, this.#n, this.#n + targets, this.stride, this.#at.least) ?? 0;
  }
}

export type { NestedKernel };

/** Even and greater than n; of large matrices such that four rows in turn fill different cache lines. */
function paddedStride(n: number): number {
  const even = n + 2 - (n % 2);
  if (n < 256) return even;
  const remainder = even % 512;
  return even + (remainder <= 128 ? 128 - remainder : 640 - remainder);
}
