export interface Change {
  readonly before: number;
  readonly after: number;
}

/** What is left of it, as a share; 1 of nothing. */
export function shareLeft({ before, after }: Change): number {
  return before > 0 ? after / before : 1;
}
