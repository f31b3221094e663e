/** Places of at most `count` pictures, as many of every class as there are of the scarcest, or as `count` allows; in their order. */
export function balanced(labels: ArrayLike<number>, classes: number, count: number): number[] {
  return dealt(labels, Array.from({ length: classes }, () => 1), count);
}

/** The greatest class has so many times the pictures of the least. */
const IMBALANCE = 100;

/**
 * Numbers of pictures that fall by a constant factor from class to class, from 100 to 1 in all (the long tail of
 * Cao et al., LDAM, NeurIPS 2019). `middle` stands in the middle; the others come in their order.
 */
export function longTailed(labels: ArrayLike<number>, classes: number, count: number, middle: number): number[] {
  const others = Array.from({ length: classes }, (_, c) => c).filter((c) => c !== middle);
  const ranks = [...others.slice(0, Math.floor(classes / 2)), middle, ...others.slice(Math.floor(classes / 2))];
  const weights = Array.from({ length: classes }, () => 0);
  ranks.forEach((c, rank) => {
    weights[c] = IMBALANCE ** (-rank / Math.max(1, classes - 1));
  });
  return dealt(labels, weights, count);
}

/** Equal numbers of every class but one, which has none. */
export function without(labels: ArrayLike<number>, classes: number, count: number, missing: number): number[] {
  return dealt(labels, Array.from({ length: classes }, (_, c) => (c === missing ? 0 : 1)), count);
}

/** The first pictures of each class in proportion to its weight; fewer in all where a class has not as many. */
function dealt(labels: ArrayLike<number>, weights: readonly number[], count: number): number[] {
  const known = weights.map(() => 0);
  for (let k = 0; k < labels.length; k++) known[labels[k]]++;
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const most = Math.min(count, ...weights.flatMap((weight, c) => (weight > 0 ? [(known[c] * total) / weight] : [])));
  const left = weights.map((weight) => (weight > 0 ? Math.max(1, Math.round((most * weight) / total)) : 0));
  return Array.from({ length: labels.length }, (_, k) => k).filter((k) => left[labels[k]] > 0 && left[labels[k]]-- > 0);
}
