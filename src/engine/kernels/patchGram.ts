import type { PatchGeometry } from '../geometry.ts';
import { patchSize } from '../geometry.ts';
import type { Correlator, Lattice, Staged } from './correlator.ts';

/**
 * The patch Gram `G = Σ x xᵀ` of a layer on the CPU, by its shift structure.
 *
 * Block (p, q) of G sums `x_i[u] x_j[u + δ]` over the pixels u that offset p visits, δ the
 * distance from p to q. Blocks of equal δ (and, for strides, equal residue of p) differ only in
 * which border rows and columns they visit. So per δ the pixels are cut into *atoms* along those
 * borders, each atom is correlated once, and a block is the sum of its atoms. For a 3 × 3 layer
 * this takes 13 correlations of the whole map and some border strips instead of 45.
 */
interface Shift {
  /** From p to q, in pixels of the input. */
  readonly delta: readonly [number, number];
  readonly atoms: readonly Atom[];
  readonly blocks: readonly { readonly p: number; readonly q: number; readonly atoms: readonly number[] }[];
}

interface Atom {
  readonly lattice: Lattice;
  readonly rows: number;
  readonly columns: number;
}

/** Positions t along one axis, `first ≤ t < end`, at which offsets p and q both fall inside the input. */
interface Span {
  readonly first: number;
  readonly end: number;
}

export class PatchGram {
  readonly #geometry: PatchGeometry;
  readonly #shifts: readonly Shift[];
  readonly #blockCount: number;

  constructor(geometry: PatchGeometry) {
    this.#geometry = geometry;
    this.#shifts = shiftsOf(geometry);
    this.#blockCount = this.#shifts.reduce((sum, { atoms }) => sum + atoms.length, 0);
  }

  /**
   * Adds a batch to `sums` (empty at first) and returns them, in the correlator's own blocks.
   * `values`: NHWC float32, `images × height × width × channels`.
   */
  add(correlator: Correlator, values: Float32Array, images: number, sums?: Float64Array): Float64Array {
    const [height, width, channels] = this.#geometry.input;
    const padded = paddedTo8(channels);
    const length = this.#blockCount * padded * padded;
    const perCall = imagesPerCall(height * width, padded);
    correlator.reset();
    const address = correlator.zeros(this.#blockCount, padded, padded);
    const staged = correlator.stage(values, [images, height, width, channels], 0, images);
    for (let first = 0; first < images; first += perCall) {
      this.#correlate(correlator, window(staged, first, Math.min(perCall, images - first)), address);
    }
    const batch = correlator.view(address, length);
    if (!sums) return batch.slice();
    for (let k = 0; k < length; k++) sums[k] += batch[k];
    return sums;
  }

  #correlate(correlator: Correlator, x: Staged, sums: number): void {
    const bytes = x.paddedChannels * x.paddedChannels * 8;
    let out = sums;
    for (const { delta, atoms } of this.#shifts) {
      const symmetric = delta[0] === 0 && delta[1] === 0;
      for (const { lattice, rows, columns } of atoms) {
        const shifted = { ...lattice, row: lattice.row + delta[0], column: lattice.column + delta[1] };
        correlator.correlate(x, lattice, x, shifted, rows, columns, out, symmetric);
        out += bytes;
      }
    }
  }

  /** The patch Gram of what was added: row-major `np × np` float64, component-major patches. */
  assemble(sums: Float64Array): Float64Array {
    const n = this.#geometry.input[2];
    const padded = paddedTo8(n);
    const size = patchSize(this.#geometry);
    const width = n * size;
    const gram = new Float64Array(width * width);
    const block = new Float64Array(padded * padded);
    let base = 0;
    for (const { delta, atoms, blocks } of this.#shifts) {
      const symmetric = delta[0] === 0 && delta[1] === 0;
      for (const { p, q, atoms: parts } of blocks) {
        block.fill(0);
        for (const part of parts) {
          const from = (base + part) * padded * padded;
          for (let k = 0; k < block.length; k++) block[k] += sums[from + k];
        }
        for (let i = 0; i < n; i++) {
          for (let j = symmetric ? i : 0; j < n; j++) {
            const value = block[i * padded + j];
            gram[(i * size + p) * width + j * size + q] = value;
            gram[(j * size + q) * width + i * size + p] = value;
          }
        }
      }
      base += atoms.length;
    }
    return gram;
  }
}

/**
 * `Σ Y xᵀ` over a batch: row-major `m × np` float64. `y` is NHWC with the layer's output size.
 * One correlation for each offset of the patch.
 */
export function crossGram(
  correlator: Correlator,
  geometry: PatchGeometry,
  x: Float32Array,
  y: Float32Array,
  m: number,
  images: number,
): Float64Array {
  const { input, output, kernel, strides, dilations, before } = geometry;
  const size = patchSize(geometry);
  const n = input[2];
  const [paddedN, paddedM] = [paddedTo8(n), paddedTo8(m)];
  correlator.reset();
  const sums = correlator.zeros(size, paddedN, paddedM);
  const xs = correlator.stage(x, [images, input[0], input[1], n], 0, images);
  const ys = correlator.stage(y, [images, output[0], output[1], m], 0, images);
  const perCall = imagesPerCall(input[0] * input[1], paddedN);
  for (let first = 0; first < images; first += perCall) {
    const count = Math.min(perCall, images - first);
    for (let p = 0; p < size; p++) {
      const at = [Math.floor(p / kernel[1]), p % kernel[1]] as const;
      const [rows, columns] = [spanOf(geometry, 0, at[0], at[0]), spanOf(geometry, 1, at[1], at[1])];
      correlator.correlate(
        window(xs, first, count),
        {
          row: rows.first * strides[0] + at[0] * dilations[0] - before[0],
          column: columns.first * strides[1] + at[1] * dilations[1] - before[1],
          step: strides,
        },
        window(ys, first, count),
        { row: rows.first, column: columns.first, step: [1, 1] },
        rows.end - rows.first,
        columns.end - columns.first,
        sums + p * paddedN * paddedM * 8,
      );
    }
  }
  const blocks = correlator.view(sums, size * paddedN * paddedM);
  const cross = new Float64Array(m * n * size);
  for (let p = 0; p < size; p++) {
    for (let i = 0; i < n; i++) {
      const from = (p * paddedN + i) * paddedM;
      for (let c = 0; c < m; c++) cross[(c * n + i) * size + p] = blocks[from + c];
    }
  }
  return cross;
}

function paddedTo8(channels: number): number {
  return Math.ceil(channels / 8) * 8;
}

/** Few enough positions for float32 sums, few enough bytes for the cache, enough to be worth a call. */
function imagesPerCall(positions: number, paddedChannels: number): number {
  return Math.max(1, Math.min(Math.floor(1024 / positions), Math.floor(2 ** 17 / (positions * paddedChannels))));
}

function window(staged: Staged, first: number, images: number): Staged {
  const imageBytes = staged.height * staged.width * staged.paddedChannels * 4;
  return { ...staged, address: staged.address + first * imageBytes, images };
}

function spanOf({ input, output, strides, dilations, before }: PatchGeometry, axis: 0 | 1, p: number, q: number): Span {
  const low = Math.min(p, q) * dilations[axis] - before[axis];
  const high = Math.max(p, q) * dilations[axis] - before[axis];
  return {
    first: Math.max(0, Math.ceil(-low / strides[axis])),
    end: Math.min(output[axis], Math.floor((input[axis] - 1 - high) / strides[axis]) + 1),
  };
}

/** A pair of offsets along one axis, and the pixels that p visits, counted in strides from a common origin. */
interface AxisPair extends Span {
  readonly p: number;
  readonly q: number;
}

function shiftsOf(geometry: PatchGeometry): Shift[] {
  const [kh, kw] = geometry.kernel;
  const groups = new Map<string, { rows: AxisPair; columns: AxisPair }[]>();
  for (let p = 0; p < kh * kw; p++) {
    for (let q = p; q < kh * kw; q++) {
      const rows = axisPair(geometry, 0, Math.floor(p / kw), Math.floor(q / kw));
      const columns = axisPair(geometry, 1, p % kw, q % kw);
      const key = [rows.q - rows.p, columns.q - columns.p, residue(geometry, 0, rows.p), residue(geometry, 1, columns.p)];
      const group = groups.get(key.join());
      if (group) group.push({ rows, columns });
      else groups.set(key.join(), [{ rows, columns }]);
    }
  }
  return [...groups.values()].map((pairs) => shiftOf(geometry, pairs));
}

function shiftOf(geometry: PatchGeometry, pairs: readonly { rows: AxisPair; columns: AxisPair }[]): Shift {
  const { strides, dilations, before, kernel } = geometry;
  const rowCuts = cuts(pairs.map(({ rows }) => rows));
  const columnCuts = cuts(pairs.map(({ columns }) => columns));
  const [{ rows, columns }] = pairs;
  const origin = [residue(geometry, 0, rows.p) - before[0], residue(geometry, 1, columns.p) - before[1]];
  const cells = rowCuts.flatMap((row) => columnCuts.map((column) => ({ row, column })));
  const used = cells.filter((cell) => pairs.some((pair) => covers(pair, cell)));
  return {
    delta: [(rows.q - rows.p) * dilations[0], (columns.q - columns.p) * dilations[1]],
    atoms: used.map(({ row, column }) => ({
      lattice: { row: row.first * strides[0] + origin[0], column: column.first * strides[1] + origin[1], step: strides },
      rows: row.end - row.first,
      columns: column.end - column.first,
    })),
    blocks: pairs.map((pair) => ({
      p: pair.rows.p * kernel[1] + pair.columns.p,
      q: pair.rows.q * kernel[1] + pair.columns.q,
      atoms: used.flatMap((cell, index) => (covers(pair, cell) ? [index] : [])),
    })),
  };
}

function covers(pair: { rows: Span; columns: Span }, cell: { row: Span; column: Span }): boolean {
  return (
    cell.row.first >= pair.rows.first && cell.row.end <= pair.rows.end &&
    cell.column.first >= pair.columns.first && cell.column.end <= pair.columns.end
  );
}

/** Pixel of offset p at position t: `t · stride + p · dilation − before`; the residue is what strides cannot change. */
function residue({ strides, dilations }: PatchGeometry, axis: 0 | 1, p: number): number {
  return (p * dilations[axis]) % strides[axis];
}

function axisPair(geometry: PatchGeometry, axis: 0 | 1, p: number, q: number): AxisPair {
  const { first, end } = spanOf(geometry, axis, p, q);
  const turn = Math.floor((p * geometry.dilations[axis]) / geometry.strides[axis]);
  return { p, q, first: first + turn, end: Math.max(first, end) + turn };
}

/** The pieces into which the spans' ends cut the line. */
function cuts(spans: readonly Span[]): Span[] {
  const ends = [...new Set(spans.flatMap(({ first, end }) => [first, end]))].sort((a, b) => a - b);
  return ends.slice(1).map((end, index) => ({ first: ends[index], end }));
}
