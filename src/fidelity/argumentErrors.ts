/**
 * What the public functions of this room throw when an argument cannot be meant: a wrong length,
 * a component that does not exist, a number out of range. Numerical trouble is never thrown; it
 * is part of a result.
 */

/** An array's length does not fit the sizes that came with it. */
export class ShapeMismatchError extends Error {
  override readonly name = 'ShapeMismatchError';
}

/** A list of components holds an index twice, or one that the layer does not have. */
export class ComponentIndexError extends Error {
  override readonly name = 'ComponentIndexError';
}

/** A number is outside the range in which the function is defined. */
export class ArgumentRangeError extends Error {
  override readonly name = 'ArgumentRangeError';
}

/** Throws `ShapeMismatchError` unless `actual === expected`; `what` names function and argument. */
export function checkLength(what: string, actual: number, expected: number): void {
  if (actual !== expected) {
    throw new ShapeMismatchError(`${what} has length ${actual}, expected ${expected}.`);
  }
}

/** Throws `ArgumentRangeError` unless `value` is an integer with `least ≤ value ≤ most`. */
export function checkInteger(what: string, value: number, least: number, most: number): void {
  if (!Number.isInteger(value) || value < least || value > most) {
    throw new ArgumentRangeError(`${what} is ${value}, expected an integer from ${least} to ${most}.`);
  }
}

/** Throws `ArgumentRangeError` unless `value` is finite and above 0. */
export function checkPositive(what: string, value: number): void {
  if (!(value > 0 && Number.isFinite(value))) throw new ArgumentRangeError(`${what} is ${value}, expected a finite number above 0.`);
}

/** Throws `ComponentIndexError` unless `indices` are distinct integers in `[0, count)`. O(count). */
export function checkIndices(what: string, indices: ArrayLike<number>, count: number): void {
  const seen = new Uint8Array(count);
  for (let at = 0; at < indices.length; at++) {
    const index = indices[at];
    if (!Number.isInteger(index) || index < 0 || index >= count) {
      throw new ComponentIndexError(`${what} holds ${index}, expected integers from 0 to ${count - 1}.`);
    }
    if (seen[index] === 1) throw new ComponentIndexError(`${what} holds ${index} twice.`);
    seen[index] = 1;
  }
}
