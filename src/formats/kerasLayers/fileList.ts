import { z } from 'zod';

/** More than any model has of anything. */
const MOST_ENTRIES = 65_536;

/** A list from a file. One that is too long is refused as a whole: a fault for each of a million entries takes seconds and memory. */
export function fileList<S extends z.ZodType>(entry: S) {
  return z.array(z.unknown()).max(MOST_ENTRIES).pipe(z.array(entry));
}
