import { checkInteger } from '../argumentErrors.ts';
import type { Random } from '../random.ts';

/**
 * A uniform score in [0, 1) for each of n components: the baseline that any method must beat.
 *
 * @throws ArgumentRangeError unless n is a whole number
 */
export function randomScores(n: number, random: Random): Float64Array {
  checkInteger('randomScores: n', n, 0, 0x7fffffff);
  return Float64Array.from({ length: n }, () => random());
}
