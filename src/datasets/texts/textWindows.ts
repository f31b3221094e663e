import { ArgumentRangeError } from '../../fidelity/argumentErrors.ts';

/** A window of a text: it reads tokens `begin ≤ t < begin + window`; what it says at positions `from ≤ p < to` counts, of token `begin + p + 1`. */
export interface TextWindow {
  readonly begin: number;
  readonly from: number;
  readonly to: number;
}

/** Disjoint windows from the beginning on; every position's next token is in the text. */
export function disjointWindows(tokens: number, window: number): readonly TextWindow[] {
  return Array.from({ length: Math.max(0, Math.floor((tokens - 1) / window)) }, (_, k) => ({ begin: k * window, from: 0, to: window }));
}

/**
 * Full windows that foretell each token but the first once, from at least `window − stride` tokens before it
 * (from all there are at the beginning), as `negative_log_likelihood` of zoo/train_lm.py does: there window k
 * ends at `(k + 1) · stride` and its last `stride` predictions count. The ones that begin at token 0 are one
 * window here, and the last is moved back to end with the text.
 *
 * None where there are fewer than `window + 1` tokens.
 *
 * @throws ArgumentRangeError where the stride is not a whole number from 1 to `window`
 */
export function stridedWindows(tokens: number, window: number, stride: number): readonly TextWindow[] {
  if (!Number.isInteger(stride) || stride < 1 || stride > window) {
    throw new ArgumentRangeError(`stridedWindows: stride is ${stride}, expected a whole number from 1 to the window's ${window}.`);
  }
  const inputs = tokens - 1;
  if (inputs < window) return [];
  const first = Math.floor(window / stride) * stride;
  const windows: TextWindow[] = [{ begin: 0, from: 0, to: first }];
  for (let counted = first; counted < inputs; ) {
    const end = Math.min(counted + stride, inputs);
    windows.push({ begin: end - window, from: window - (end - counted), to: window });
    counted = end;
  }
  return windows;
}
