/** Longest message that a person still reads. */
const LONGEST = 560;
const END = 140;

/**
 * The error itself, its message fit to be shown: names that a file makes up may be of any length and
 * of characters that do not print, that turn the text round, or that a terminal obeys. Those become
 * `�`, and the middle of a long message `…`.
 */
export function legibleError(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const printed = error.message.replace(/[\p{Cc}\p{Cf}\p{Cs}]/gu, '�').replace(/\S{120,}/gu, (word) => `${word.slice(0, 80)}…${word.slice(-20)}`);
  error.message = printed.length <= LONGEST ? printed : `${printed.slice(0, LONGEST - END)} … ${printed.slice(-END)}`;
  return error;
}
