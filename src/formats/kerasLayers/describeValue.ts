import type { z } from 'zod';

/** The start of `value` as JSON, for messages; of a value from a file, however deep it is nested. */
export function describeValue(value: unknown): string {
  try {
    return JSON.stringify(value)?.slice(0, 80) ?? 'nothing';
  } catch {
    return 'a value nested too deeply to show';
  }
}

/** `path: message, found value` for the first problem of a failed parse of `input`. */
export function describeIssue(error: z.ZodError, input: unknown): string {
  const [issue] = error.issues;
  const path = issue.path.map(String);
  const found = path.reduce<unknown>(
    (value, key) => (typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined),
    input,
  );
  // zod's own word for what it found is its type alone
  const wanted = issue.message.replace(/, received .*$/, '');
  return `${path.length > 0 ? path.join('.') : 'value'}: ${wanted}, found ${describeValue(found)}.`;
}
