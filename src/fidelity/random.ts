import { ArgumentRangeError, checkInteger } from './argumentErrors.ts';

/** A source of numbers, uniform in [0, 1). */
export type Random = () => number;

/**
 * A small seeded generator: sfc32 (Chris Doty-Humphrey, PractRand; 128 bits of state, public
 * domain), whose state is filled from the seed by the finaliser of MurmurHash3.
 *
 * The same seed gives the same sequence on every machine. Not for cryptography.
 *
 * @param seed any finite number; its whole low 32 bits count
 * @throws ArgumentRangeError when the seed is not finite
 */
export function seededRandom(seed: number): Random {
  if (!Number.isFinite(seed)) throw new ArgumentRangeError(`seededRandom: seed is ${seed}, expected a finite number.`);
  let mixed = seed | 0;
  const nextState = (): number => {
    mixed = (mixed + 0x9e3779b9) | 0;
    let z = mixed;
    z = Math.imul(z ^ (z >>> 16), 0x85ebca6b);
    z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
    return z ^ (z >>> 16);
  };
  let a = nextState();
  let b = nextState();
  let c = nextState();
  let counter = 1;
  return () => {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + sum) | 0;
    return (sum >>> 0) / 4294967296;
  };
}

/** A uniformly random permutation of 0 … n − 1 (Fisher and Yates). O(n). */
export function permutation(n: number, random: Random): Int32Array {
  checkInteger('permutation: n', n, 0, 0x7fffffff);
  const order = new Int32Array(n);
  for (let i = 0; i < n; i++) {
    const j = Math.floor(random() * (i + 1));
    order[i] = order[j];
    order[j] = i;
  }
  return order;
}

/**
 * `count` distinct indices of 0 … total − 1, ascending, every subset equally likely: the seeded
 * sample of outputs on which a large layer's curves may be evaluated. O(total).
 */
export function sampleIndices(total: number, count: number, random: Random): number[] {
  checkInteger('sampleIndices: count', count, 0, total);
  return [...permutation(total, random).subarray(0, count)].sort((a, b) => a - b);
}
