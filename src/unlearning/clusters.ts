import type { ForgetTarget } from './unlearnRequest.ts';

/** Which pictures each forget picture is to look like. */
export interface Clusters {
  readonly count: number;
  /** Cluster of each retain picture; −1 of none. */
  readonly retain: Int32Array;
  /** How much of each cluster's mean is in what a forget picture is to look like, row-major `pictures × count`; rows sum to 1. */
  readonly mixture: Float32Array;
  /** The cluster of the greatest share in each forget picture's mixture. */
  readonly forget: Int32Array;
}

/**
 * `mean`: one cluster of all retain pictures. Otherwise a cluster for each class that the network finds among
 * the retain pictures: a forget picture is to look like the one that the network scores highest (`nearest`), or
 * like all, by the softmax of their scores over a temperature (`mixed`).
 *
 * @param forget class scores of the forget pictures, row-major `pictures × classes`; `retain` likewise
 * @param forgotten classes that no picture is to look like
 * @param temperature of the softmax: at a greater one the mixtures are more alike
 */
export function clustersOf(
  forget: Float32Array,
  retain: Float32Array,
  classes: number,
  forgotten: ReadonlySet<number>,
  target: ForgetTarget,
  temperature = 1,
): Clusters {
  const [forgetCount, retainCount] = [forget.length / classes, retain.length / classes];
  if (target === 'mean') {
    return { count: 1, retain: new Int32Array(retainCount), mixture: new Float32Array(forgetCount).fill(1), forget: new Int32Array(forgetCount) };
  }
  const all = Array.from({ length: classes }, (_, c) => c);
  const own = Int32Array.from({ length: retainCount }, (_, k) => bestOf(retain, k * classes, all));
  const seen = all.filter((c) => !forgotten.has(c) && own.includes(c));
  const count = seen.length;
  const nearest = Int32Array.from({ length: forgetCount }, (_, k) => seen.indexOf(bestOf(forget, k * classes, seen)));
  const mixture = new Float32Array(forgetCount * count);
  nearest.forEach((best, k) => {
    const shares = seen.map((c, at) => (target === 'nearest' ? Number(at === best) : Math.exp((forget[k * classes + c] - forget[k * classes + seen[best]]) / temperature)));
    const total = shares.reduce((sum, share) => sum + share, 0);
    mixture.set(shares.map((share) => share / total), k * count);
  });
  return { count, retain: own.map((c) => seen.indexOf(c)), mixture, forget: nearest };
}

/** The first of `among` with the greatest score. */
function bestOf(scores: Float32Array, start: number, among: readonly number[]): number {
  return among.reduce((best, c) => (scores[start + c] > scores[start + best] ? c : best), among[0]);
}
