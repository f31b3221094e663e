import { checkInteger } from '../argumentErrors.ts';

/**
 * Component indices from the greatest score to the least; ties go to the lower index, and NaN
 * comes last.
 *
 * @returns a permutation of 0 … n − 1; O(n log n)
 */
export function orderByScore(scores: ArrayLike<number>): number[] {
  const rank = Array.from(scores, (score) => (Number.isNaN(score) ? Number.NEGATIVE_INFINITY : score));
  return Array.from(rank.keys()).sort((a, b) => (rank[a] === rank[b] ? a - b : rank[b] > rank[a] ? 1 : -1));
}

/**
 * The k components of greatest score, as ascending indices; ties go to the lower index.
 *
 * @throws ArgumentRangeError unless k is an integer from 0 to n
 */
export function topK(scores: ArrayLike<number>, k: number): number[] {
  checkInteger('topK: k', k, 0, scores.length);
  return orderByScore(scores)
    .slice(0, k)
    .sort((a, b) => a - b);
}
