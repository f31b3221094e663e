import type { ForgetTarget } from './unlearnRequest.ts';

/** Which pictures each forget picture is to look like. */
export interface Clusters {
  readonly count: number;
  /** Cluster of each retain picture; −1 of none. */
  readonly retain: Int32Array;
  /** Cluster of each forget picture. */
  readonly forget: Int32Array;
}

/**
 * `mean`: one cluster of all retain pictures. `nearest`: a cluster for each class that the network finds
 * among the retain pictures; a forget picture belongs to the one that the network scores highest.
 *
 * @param forget class scores of the forget pictures, row-major `pictures × classes`; `retain` likewise
 * @param forgotten classes that no picture is to look like
 */
export function clustersOf(
  forget: Float32Array,
  retain: Float32Array,
  classes: number,
  forgotten: ReadonlySet<number>,
  target: ForgetTarget,
): Clusters {
  const [forgetCount, retainCount] = [forget.length / classes, retain.length / classes];
  if (target === 'mean') return { count: 1, retain: new Int32Array(retainCount), forget: new Int32Array(forgetCount) };
  const stay = Array.from({ length: classes }, (_, c) => c).filter((c) => !forgotten.has(c));
  const all = Array.from({ length: classes }, (_, c) => c);
  const own = Int32Array.from({ length: retainCount }, (_, k) => bestOf(retain, k * classes, all));
  const seen = stay.filter((c) => own.includes(c));
  return {
    count: seen.length,
    retain: own.map((c) => seen.indexOf(c)),
    forget: Int32Array.from({ length: forgetCount }, (_, k) => seen.indexOf(bestOf(forget, k * classes, seen))),
  };
}

/** The first of `among` with the greatest score. */
function bestOf(scores: Float32Array, start: number, among: readonly number[]): number {
  return among.reduce((best, c) => (scores[start + c] > scores[start + best] ? c : best), among[0]);
}
