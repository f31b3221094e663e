import * as z from 'zod/mini';
import { describeValue } from '../kerasLayers/describeValue.ts';
import { parseFileJson } from '../parseFileJson.ts';
import { TokenizerError } from './textTokenizer.ts';

// The page's Content-Security-Policy forbids the code generation that zod would otherwise probe for.
z.config({ jitless: true });

/** More than any model has, and few enough to index. */
const MOST_TOKENS = 2 ** 22;
const id = z.int().check(z.gte(0), z.lte(MOST_TOKENS));
const part = z.nullable(z.looseObject({ type: z.string() }));
const schema = z.looseObject({
  model: z.looseObject({
    type: z.optional(z.enum(['BPE', 'Unigram', 'WordPiece'])),
    vocab: z.union([z.record(z.string(), id), z.array(z.tuple([z.string(), z.number()]))]),
  }),
  added_tokens: z.array(z.looseObject({ id, content: z.string() })),
  normalizer: part,
  pre_tokenizer: part,
  post_processor: part,
  decoder: part,
});

/** A `tokenizer.json`, checked as far as the library trusts it. */
export interface Description {
  readonly json: z.infer<typeof schema>;
  /** One more than the greatest id. */
  readonly size: number;
}

/** Throws `TokenizerError` naming the part that is not understood. */
export function checkedDescription(path: string, json: unknown): Description {
  // parts that are left out do nothing
  const whole = isObject(json) ? { added_tokens: [], normalizer: null, pre_tokenizer: null, post_processor: null, decoder: null, ...json } : json;
  const parsed = schema.safeParse(whole);
  if (!parsed.success) {
    const [{ path: keys, message }] = parsed.error.issues;
    throw new TokenizerError(`${path}: ${keys.length > 0 ? `"${keys.slice(0, 3).join('.')}"` : 'its content'} is not understood (${message.replace(/, received .*$/, '').slice(0, 100)}). It must be a tokenizer of the kind BPE, Unigram or WordPiece.`);
  }
  const { model: { vocab }, added_tokens: added } = parsed.data;
  let greatest = Array.isArray(vocab) ? vocab.length - 1 : -1;
  if (!Array.isArray(vocab)) for (const one of Object.values(vocab)) greatest = Math.max(greatest, one);
  for (const one of added) greatest = Math.max(greatest, one.id);
  if (greatest < 0) throw new TokenizerError(`${path}: it has no tokens.`);
  return { json: parsed.data, size: greatest + 1 };
}

/** Throws `TokenizerError`. */
export function parseJsonFile(path: string, bytes: Uint8Array): unknown {
  try {
    return parseFileJson(new TextDecoder().decode(bytes));
  } catch (cause) {
    throw new TokenizerError(`${path} is not JSON; it may be cut short.`, { cause });
  }
}

/** Throws `TokenizerError`. */
export function parseObjectFile(path: string, bytes: Uint8Array): Readonly<Record<string, unknown>> {
  const json = parseJsonFile(path, bytes);
  if (isObject(json)) return json;
  throw new TokenizerError(`${path} must hold a JSON object, found ${describeValue(json)}.`);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
