import type { MadeShape } from '../../datasets/synthetic/pictureShape.ts';

/** Steps to half of a pixel's neighbours; the other half is theirs. */
const NEIGHBOURS = [[1, 0], [0, 1], [1, 1], [1, -1]] as const;

/**
 * Total variation, `Σ mean (x_a − x_b)²` over the four directions of neighbours, and mean square, of `count`
 * pictures together. Adds `variation` and `square` times their gradients to `gradient`.
 *
 * @param x pictures, row-major, channels last
 * @returns the weighted sum of both
 */
export function pixelLoss(
  x: Float32Array,
  count: number,
  [height, width, channels]: MadeShape,
  weights: { readonly variation: number; readonly square: number },
  gradient: Float32Array,
): number {
  let loss = 0;
  for (const [down, right] of NEIGHBOURS) {
    const pairs = count * (height - down) * (width - Math.abs(right)) * channels;
    if (pairs <= 0) continue;
    const weight = weights.variation / pairs;
    const offset = (down * width + right) * channels;
    const [first, last] = [Math.max(0, -right), width - Math.max(0, right)];
    for (let image = 0; image < count; image++) for (let row = 0; row < height - down; row++) {
      const start = (image * height + row) * width;
      for (let at = (start + first) * channels; at < (start + last) * channels; at++) {
        const step = x[at + offset] - x[at];
        loss += weight * step * step;
        gradient[at + offset] += 2 * weight * step;
        gradient[at] -= 2 * weight * step;
      }
    }
  }
  const weight = weights.square / x.length;
  for (let at = 0; at < x.length; at++) {
    loss += weight * x[at] * x[at];
    gradient[at] += 2 * weight * x[at];
  }
  return loss;
}
