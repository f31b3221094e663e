import { checkLength } from './argumentErrors.ts';
import { multiplyByKernel } from './kernels/productKernel.ts';

/**
 * `A Bᵀ` of two row-major matrices: element (i, j) is the inner product of row i of `a` and row j
 * of `b`. With a symmetric `b` this is `A B`, read along contiguous rows.
 *
 * @param a row-major `rows × inner`
 * @param b row-major `columns × inner`
 * @returns row-major `rows × columns`; O(rows · columns · inner)
 * @throws ShapeMismatchError when a length does not fit
 */
export function multiplyTransposed(
  a: Float64Array,
  rows: number,
  b: Float64Array,
  columns: number,
  inner: number,
): Float64Array {
  checkLength('multiplyTransposed: a', a.length, rows * inner);
  checkLength('multiplyTransposed: b', b.length, columns * inner);
  const product = new Float64Array(rows * columns);
  if (multiplyByKernel(a, rows, b, columns, inner, product)) return product;
  // Tiles of `b` stay in the cache while all of `a` passes; 4 × 2 sums share six loads a step.
  const tile = Math.max(2, 2 * Math.floor(TILE_VALUES / inner / 2));
  const [wholeRows, wholeColumns] = [rows - (rows % 4), columns - (columns % 2)];
  for (let start = 0; start < wholeColumns; start += tile) {
    const end = Math.min(start + tile, wholeColumns);
    for (let i = 0; i < wholeRows; i += 4) {
      for (let j = start; j < end; j += 2) fourByTwo(a, i * inner, b, j * inner, inner, product, i * columns + j, columns);
    }
  }
  for (let i = 0; i < rows; i++) {
    for (let j = i < wholeRows ? wholeColumns : 0; j < columns; j++) {
      product[i * columns + j] = dot(a, i * inner, b, j * inner, inner);
    }
  }
  return product;
}

/** Float64 values of `b` in a tile: half a mebibyte. */
const TILE_VALUES = 65_536;

/** Inner products of four rows of `a` with two rows of `b`, written to a 4 × 2 block of `product`. */
function fourByTwo(
  a: Float64Array, a0: number, b: Float64Array, b0: number, inner: number, product: Float64Array, at: number, stride: number,
): void {
  const [a1, a2, a3, b1] = [a0 + inner, a0 + 2 * inner, a0 + 3 * inner, b0 + inner];
  let s00 = 0, s01 = 0, s10 = 0, s11 = 0, s20 = 0, s21 = 0, s30 = 0, s31 = 0;
  for (let q = 0; q < inner; q++) {
    const left = b[b0 + q];
    const right = b[b1 + q];
    s00 += a[a0 + q] * left;
    s01 += a[a0 + q] * right;
    s10 += a[a1 + q] * left;
    s11 += a[a1 + q] * right;
    s20 += a[a2 + q] * left;
    s21 += a[a2 + q] * right;
    s30 += a[a3 + q] * left;
    s31 += a[a3 + q] * right;
  }
  product[at] = s00;
  product[at + 1] = s01;
  product[at + stride] = s10;
  product[at + stride + 1] = s11;
  product[at + 2 * stride] = s20;
  product[at + 2 * stride + 1] = s21;
  product[at + 3 * stride] = s30;
  product[at + 3 * stride + 1] = s31;
}

/** Inner product of `length` elements of `a` from `aStart` and of `b` from `bStart`; unchecked. */
export function dot(a: Float64Array, aStart: number, b: Float64Array, bStart: number, length: number): number {
  // Two sums, so that an addition does not wait for the one before it.
  let even = 0;
  let odd = 0;
  let q = 0;
  for (; q + 1 < length; q += 2) {
    even += a[aStart + q] * b[bStart + q];
    odd += a[aStart + q + 1] * b[bStart + q + 1];
  }
  if (q < length) even += a[aStart + q] * b[bStart + q];
  return even + odd;
}
