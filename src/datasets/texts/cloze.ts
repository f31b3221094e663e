import { z } from 'zod/mini';

/** A passage that breaks off, and what it may go on with; `answer` is the index of what its author wrote. */
export interface ClozeItem {
  readonly context: string;
  readonly choices: readonly string[];
  readonly answer: number;
}

const item = z.object({ context: z.string(), choices: z.array(z.string().check(z.minLength(1))).check(z.minLength(2)), answer: z.int().check(z.nonnegative()) });
const items = z.array(item).check(z.minLength(1));

/** A file of items that is not one. */
export class ClozeFileError extends Error {
  override readonly name = 'ClozeFileError';
}

/** Items as JSON has them. @throws ClozeFileError naming the file and what is wrong with it */
export function parseCloze(file: string, json: unknown): readonly ClozeItem[] {
  const parsed = z.safeParse(items, json);
  if (!parsed.success) throw new ClozeFileError(`${file} is no list of { context, choices, answer }: ${z.prettifyError(parsed.error)}`);
  const wrong = parsed.data.findIndex(({ choices, answer }) => answer >= choices.length);
  if (wrong >= 0) throw new ClozeFileError(`${file}: the answer of item ${wrong} is ${parsed.data[wrong].answer}, but it has ${parsed.data[wrong].choices.length} choices, counted from 0.`);
  return parsed.data;
}
