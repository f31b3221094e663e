/** How many pictures were put in each class. */
export function classCounts(found: Int32Array, classes: number): number[] {
  const counts = Array.from({ length: classes }, () => 0);
  for (const c of found) counts[c]++;
  return counts;
}

/** The class that is found most often; the first of equals, 0 among none. */
export function mostCommon(found: Int32Array): number {
  const counts = classCounts(found, Math.max(0, ...found) + 1);
  return counts.indexOf(Math.max(...counts));
}
