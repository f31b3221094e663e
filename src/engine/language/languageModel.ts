import type { Tokenizer } from '../../formats/tokenizer.ts';
import type { Network } from '../../network/network.ts';
import { tokenInput } from '../../network/sequenceLength.ts';
import { inferShapes } from '../../network/shapes.ts';

/** The network does not foretell a token after each that it reads. */
export class NotALanguageModelError extends Error {
  override readonly name = 'NotALanguageModelError';
}

/** A model came without what spells text in its tokens. */
export class NoTokenizerError extends Error {
  override readonly name = 'NoTokenizerError';
  constructor(network: string) {
    super(`Network "${network}" came without a tokenizer, so that no text can be read for it. Put its tokenizer.json (or vocab.json and merges.txt) beside its files and open it again.`);
  }
}

export interface LanguageShape {
  /** Tokens that it reads at once. */
  readonly tokens: number;
  /** Tokens that there are: outputs at each position. */
  readonly vocabulary: number;
}

/**
 * What a network reads and foretells.
 *
 * @throws NotALanguageModelError where it reads no tokens, or its first output is not `[tokens, vocabulary]`
 */
export function languageShape(network: Network): LanguageShape {
  const input = tokenInput(network);
  if (!input) throw new NotALanguageModelError(`Network "${network.name}" reads pictures or other numbers, not tokens of text. Open a language model.`);
  const [tokens] = input.attributes.shape;
  const [output] = network.outputs;
  const shape = inferShapes(network).get(output) ?? [];
  if (shape.length !== 2 || shape[0] !== tokens) {
    throw new NotALanguageModelError(`Network "${network.name}" reads ${tokens} tokens, but its output "${output}" is ${shape.join(' × ')}; a language model gives ${tokens} × the tokens that there are.`);
  }
  return { tokens, vocabulary: shape[1] };
}

/** A network that reads text, and what spells text in its tokens. */
export interface LanguageModel {
  readonly network: Network;
  readonly tokenizer: Tokenizer;
}

/** @throws NotALanguageModelError, NoTokenizerError */
export function languageModel(network: Network, tokenizer: Tokenizer | undefined): LanguageModel {
  languageShape(network);
  if (!tokenizer) throw new NoTokenizerError(network.name);
  return { network, tokenizer };
}
