import * as z from 'zod/mini';
import { rotaryFrequencies } from '../../network/ops/rotary.ts';
import { describeValue } from '../kerasLayers/describeValue.ts';
import { UnsupportedHuggingFaceModelError } from './errors.ts';
import { parseSettings, type Json } from './settings.ts';

const positive = z.number().check(z.gte(1e-6), z.lte(1e12));
const scaling = z.object({
  rope_type: z.optional(z.string()),
  type: z.optional(z.string()),
  rope_theta: z.optional(positive),
  factor: z.optional(positive),
  low_freq_factor: z.optional(positive),
  high_freq_factor: z.optional(positive),
  original_max_position_embeddings: z.optional(positive),
  partial_rotary_factor: z.optional(z.literal(1)),
});
const schema = z.object({
  rope_theta: z.optional(z.nullable(positive)),
  rope_scaling: z.optional(z.nullable(scaling)),
  // since version 5 of the library
  rope_parameters: z.optional(z.nullable(scaling)),
});

/**
 * The angles a token for each pair of a head's features, by `rope_theta` and `rope_scaling`: `default`,
 * `linear` (positions divided by a factor) and `llama3` (slow angles divided, fast ones kept, those
 * between in proportion; Grattafiori et al. 2024, arXiv 2407.21783).
 *
 * @throws HuggingFaceFileError, UnsupportedHuggingFaceModelError
 */
export function rotaryOfConfig(config: Json, headDim: number): readonly number[] {
  const c = parseSettings('config.json', schema, config);
  const rules = c.rope_parameters ?? c.rope_scaling ?? {};
  const plain = rotaryFrequencies(headDim, rules.rope_theta ?? c.rope_theta ?? 10_000);
  const kind = rules.rope_type ?? rules.type ?? 'default';
  if (kind === 'default') return plain;
  if (kind === 'linear') {
    const { factor } = rules;
    if (factor === undefined) throw missing(kind, 'factor');
    return plain.map((frequency) => frequency / factor);
  }
  if (kind !== 'llama3') {
    throw new UnsupportedHuggingFaceModelError(`config.json: rotary positions of type ${describeValue(kind)} are not supported. Supported: default, linear, llama3.`);
  }
  const { factor, low_freq_factor: low, high_freq_factor: high, original_max_position_embeddings: trained } = rules;
  if (factor === undefined || low === undefined || high === undefined || trained === undefined || high <= low) {
    throw missing(kind, 'factor, low_freq_factor below high_freq_factor, original_max_position_embeddings');
  }
  return plain.map((frequency) => {
    // turns over the length that the model was trained on, between `low` and `high`
    const kept = Math.min(1, Math.max(0, ((trained * frequency) / (2 * Math.PI) - low) / (high - low)));
    return kept * frequency + ((1 - kept) * frequency) / factor;
  });
}

function missing(kind: string, what: string): UnsupportedHuggingFaceModelError {
  return new UnsupportedHuggingFaceModelError(`config.json: rotary positions of type ${kind} must state ${what}.`);
}
