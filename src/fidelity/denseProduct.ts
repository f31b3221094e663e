import { checkLength } from './argumentErrors.ts';

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
  // Four rows of `a` share each pass over `b`: a quarter of the memory traffic, four independent sums.
  let i = 0;
  for (; i + 4 <= rows; i += 4) {
    const a0 = i * inner;
    const a1 = a0 + inner;
    const a2 = a1 + inner;
    const a3 = a2 + inner;
    for (let j = 0; j < columns; j++) {
      const row = j * inner;
      let s0 = 0;
      let s1 = 0;
      let s2 = 0;
      let s3 = 0;
      for (let q = 0; q < inner; q++) {
        const value = b[row + q];
        s0 += a[a0 + q] * value;
        s1 += a[a1 + q] * value;
        s2 += a[a2 + q] * value;
        s3 += a[a3 + q] * value;
      }
      product[i * columns + j] = s0;
      product[(i + 1) * columns + j] = s1;
      product[(i + 2) * columns + j] = s2;
      product[(i + 3) * columns + j] = s3;
    }
  }
  for (; i < rows; i++) {
    for (let j = 0; j < columns; j++) product[i * columns + j] = dot(a, i * inner, b, j * inner, inner);
  }
  return product;
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
