import type { Weight } from './network.ts';

/**
 * The entries of `weight` at `kept` along `axis`, in that order; `weight` itself (not a copy)
 * where `kept` is absent. Trusts that the indices are in range. O(values kept).
 */
export function sliceWeight(weight: Weight, axis: number, kept: readonly number[] | undefined): Weight {
  if (!kept) return weight;
  const { shape, values } = weight;
  const outer = product(shape.slice(0, axis));
  const inner = product(shape.slice(axis + 1));
  const sliced = new Float32Array(outer * kept.length * inner);
  let at = 0;
  for (let o = 0; o < outer; o += 1) {
    for (const index of kept) {
      const from = (o * shape[axis] + index) * inner;
      sliced.set(values.subarray(from, from + inner), at);
      at += inner;
    }
  }
  return { shape: shape.with(axis, kept.length), values: sliced };
}

function product(dims: readonly number[]): number {
  return dims.reduce((total, d) => total * d, 1);
}
