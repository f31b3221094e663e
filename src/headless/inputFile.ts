import { readFile } from 'node:fs/promises';

/** A mistake in what was typed or in a file: one clear line, exit 1. */
export class InputError extends Error {
  override readonly name = 'InputError';
}

/** The bytes of a file. Throws `InputError`, naming `what` the file should have been. */
export async function readInput(file: string, what: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (error) {
    throw inputError(error, `${what} file ${file}`);
  }
}

/** A failed file access in words. */
export function inputError(error: unknown, what: string): InputError {
  const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
  return new InputError(code === 'ENOENT' ? `There is no ${what}.` : `Cannot read the ${what} (${code}).`);
}
