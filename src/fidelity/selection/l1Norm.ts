import { sumByOutput } from './outputSlices.ts';

/**
 * L1 norm of each output filter of a producer, `Σ |w|`: the baseline that keeps the channels with
 * the largest filters (Li et al., Pruning Filters for Efficient ConvNets, arXiv 1608.08710).
 *
 * @param values the producer's kernel, row-major, output axis last
 * @param shape `[kh, kw, inputs, outputs]` or `[inputs, outputs]`
 * @returns scores of length outputs
 * @throws ShapeMismatchError, ArgumentRangeError when `values` does not have that shape
 */
export function l1Norm(values: Float32Array, shape: readonly number[]): Float64Array {
  return sumByOutput('l1Norm', values, shape, Math.abs);
}
