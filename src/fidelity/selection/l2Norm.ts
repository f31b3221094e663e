import { sumByOutput } from './outputSlices.ts';

/**
 * L2 norm of each output filter of a producer, `√Σ w²`: the other magnitude baseline.
 *
 * @param values the producer's kernel, row-major, output axis last
 * @param shape `[kh, kw, inputs, outputs]` or `[inputs, outputs]`
 * @returns scores of length outputs
 * @throws ShapeMismatchError, ArgumentRangeError when `values` does not have that shape
 */
export function l2Norm(values: Float32Array, shape: readonly number[]): Float64Array {
  return sumByOutput('l2Norm', values, shape, (weight) => weight * weight).map(Math.sqrt);
}
