import * as z from 'zod/mini';
import type { ActivationName } from '../../network/network.ts';
import { describeValue } from '../kerasLayers/describeValue.ts';
import { parseFileJson } from '../parseFileJson.ts';
import { HuggingFaceFileError, UnsupportedHuggingFaceModelError } from './errors.ts';

// The page's Content-Security-Policy forbids the code generation that zod would otherwise probe for.
z.config({ jitless: true });

export type Json = Readonly<Record<string, unknown>>;

/** Widths and counts: all that float32 counts exactly, so that token ids are. */
export const size = z.int().check(z.gte(1), z.lte(2 ** 24));
export const depth = z.int().check(z.gte(1), z.lte(1000));
export const epsilon = z.number().check(z.gte(0), z.lte(1));
export const flag = z.optional(z.nullable(z.boolean()));

/** The object in a JSON file. Throws `HuggingFaceFileError`. */
export function parseObject(path: string, bytes: Uint8Array): Json {
  let json: unknown;
  try {
    json = parseFileJson(new TextDecoder().decode(bytes));
  } catch (cause) {
    throw new HuggingFaceFileError(`${path} is not JSON; it may be cut short.`, { cause });
  }
  if (typeof json !== 'object' || json === null || Array.isArray(json)) throw new HuggingFaceFileError(`${path} must hold a JSON object, found ${describeValue(json)}.`);
  return json as Json;
}

/** `json` as `schema` has it. Throws `HuggingFaceFileError` naming the setting, what it must be and what was found. */
export function parseSettings<S extends z.ZodMiniType>(path: string, schema: S, json: Json): z.output<S> {
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  const [{ path: keys, message }] = parsed.error.issues;
  const found = keys.reduce<unknown>((value, key) => (typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined), json);
  throw new HuggingFaceFileError(`${path}: "${keys.join('.')}" is not understood (${message.replace(/, received .*$/, '')}), found ${describeValue(found)}.`);
}

/**
 * Refuses a setting with a value that the lab does not compute; one that is not stated has the first.
 *
 * @throws UnsupportedHuggingFaceModelError naming the setting, its value and those that are supported
 */
export function requireSettings(config: Json, supported: Readonly<Record<string, readonly unknown[]>>): void {
  for (const [key, values] of Object.entries({ ...EVERYWHERE, ...supported })) {
    const found = Object.hasOwn(config, key) ? config[key] : undefined;
    if (found === undefined || values.some((value) => JSON.stringify(value) === describeValue(found))) continue;
    const wanted = values.map((value) => JSON.stringify(value)).join(', ');
    throw new UnsupportedHuggingFaceModelError(`config.json: "${key}" is ${describeValue(found)}, which is not supported. Supported: ${wanted}.`);
  }
}

const EVERYWHERE = { quantization_config: [null], is_encoder_decoder: [false], add_cross_attention: [false], pruned_heads: [{}, null] } as const;

/** Names of activations in configs, as `ACT2FN` has them. */
const ACTIVATIONS: ReadonlyMap<unknown, ActivationName> = new Map([
  ['relu', 'relu'], ['relu6', 'relu6'], ['gelu', 'gelu'], ['gelu_python', 'gelu'], ['gelu_new', 'geluTanh'], ['gelu_fast', 'geluTanh'],
  ['gelu_pytorch_tanh', 'geluTanh'], ['silu', 'silu'], ['swish', 'silu'], ['tanh', 'tanh'], ['sigmoid', 'sigmoid'], ['linear', 'linear'],
]);

export function activationSetting(key: string, name: string): ActivationName {
  const found = ACTIVATIONS.get(name);
  if (found) return found;
  throw new UnsupportedHuggingFaceModelError(`config.json: "${key}" is ${describeValue(name)}, which is not supported. Supported: ${[...ACTIVATIONS.keys()].join(', ')}.`);
}

/** Features of one of `heads` heads. Throws `UnsupportedHuggingFaceModelError` where they are not whole. */
export function headWidth(features: number, heads: number): number {
  if (features % heads === 0) return features / heads;
  throw new UnsupportedHuggingFaceModelError(`config.json: ${features} features are not whole heads of ${heads}.`);
}

/** Tokens of a sequence: as asked for, else the most that are cheap to look at. */
export function sequenceLength(most: number, asked: readonly number[] | undefined): number {
  if (!asked) return Math.min(most, DEFAULT_TOKENS);
  const [tokens] = asked;
  if (asked.length === 1 && Number.isInteger(tokens) && tokens >= 1 && tokens <= most) return tokens;
  throw new UnsupportedHuggingFaceModelError(`The model reads sequences of 1 to ${most} tokens; asked for was an input of [${asked.join(', ')}].`);
}

const DEFAULT_TOKENS = 256;
