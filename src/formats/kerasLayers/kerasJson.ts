import { z } from 'zod';
import { parseFileJson } from '../parseFileJson.ts';
import { describeValue } from './describeValue.ts';
import { ModelFileError } from './errors.ts';
import type { Dialect } from './modelConfig.ts';

/** The value of JSON text; throws `ModelFileError`. */
export function parseJson(text: string, what: string): unknown {
  try {
    return parseFileJson(text);
  } catch (cause) {
    throw new ModelFileError(`${what} is not JSON.`, { cause });
  }
}

/** The rules of a `keras_version` such as 2.15.0 or 3.9.2. Throws `ModelFileError` for others. */
export function dialectOfVersion(version: unknown): Dialect {
  const [, major] = /^(\d+)\./.exec(z.string().catch('').parse(version)) ?? [];
  if (major === '2' || major === '1') return 'keras2';
  if (major === '3') return 'keras3';
  throw new ModelFileError(`The file is of Keras ${version === undefined ? 'of no version' : describeValue(version)}; versions 2 and 3 are read.`);
}
