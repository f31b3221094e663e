import { checkInteger, checkLength } from '../argumentErrors.ts';

/**
 * Sums `term(weight)` over each output's weights. Kernel of the norms.
 *
 * @param shape output axis last: `[kh, kw, inputs, outputs]` or `[inputs, outputs]`
 * @throws ShapeMismatchError, ArgumentRangeError when `values` does not have that shape
 */
export function sumByOutput(
  caller: string,
  values: Float32Array,
  shape: readonly number[],
  term: (weight: number) => number,
): Float64Array {
  const outputs = shape.at(-1) ?? 0;
  checkInteger(`${caller}: the last axis`, outputs, 1, 0x7fffffff);
  checkLength(`${caller}: values`, values.length, shape.reduce((product, axis) => product * axis, 1));
  const sums = new Float64Array(outputs);
  for (let start = 0; start < values.length; start += outputs) {
    for (let c = 0; c < outputs; c++) sums[c] += term(values[start + c]);
  }
  return sums;
}
