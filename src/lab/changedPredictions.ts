export interface ChangedPrediction {
  /** Place in the evaluation order of the test set. */
  readonly index: number;
  readonly before: number;
  readonly after: number;
}

/** Images on which two networks disagree, over those that both were run on. */
export function changedPredictions(before: ArrayLike<number>, after: ArrayLike<number>): readonly ChangedPrediction[] {
  const changed: ChangedPrediction[] = [];
  for (let index = 0; index < Math.min(before.length, after.length); index++) {
    if (before[index] !== after[index]) changed.push({ index, before: before[index], after: after[index] });
  }
  return changed;
}

/** At most `most` of them, so that as many kinds of change as possible are seen: each kind once, then again. */
export function varied(changed: readonly ChangedPrediction[], most: number): readonly ChangedPrediction[] {
  const kinds = new Map<string, number>();
  const ranked = changed.map((change) => {
    const kind = `${change.before} ${change.after}`;
    const seen = kinds.get(kind) ?? 0;
    kinds.set(kind, seen + 1);
    return { change, seen };
  });
  return ranked
    .sort((a, b) => a.seen - b.seen || a.change.index - b.change.index)
    .slice(0, most)
    .map(({ change }) => change);
}
