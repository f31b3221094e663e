/** Longest message that a person still reads. */
const LONGEST = 560;
const END = 140;

/**
 * Text fit to be shown: names that a file makes up may be of any length and of characters that do not
 * print, that turn the text round, or that a terminal obeys. Those become `�`, and the middle of a
 * long text `…`.
 */
export function legible(text: string): string {
  const printed = text.replace(/[\p{Cc}\p{Cf}\p{Cs}]/gu, '�').replace(/\S{120,}/gu, (word) => `${word.slice(0, 80)}…${word.slice(-20)}`);
  return printed.length <= LONGEST ? printed : `${printed.slice(0, LONGEST - END)} … ${printed.slice(-END)}`;
}

/** The error itself, its message made legible. */
export function legibleError(error: unknown): unknown {
  if (error instanceof Error) error.message = legible(error.message);
  return error;
}
