/** Text as a language model reads it. */
export interface Tokenizer {
  /** Ids run from 0 to `size − 1`. */
  readonly size: number;
  /** What begins a text; undefined where nothing does. */
  readonly begin?: number;
  /** What ends a text, where the model knows such tokens. */
  readonly end?: readonly number[];
  /** Without any token that the text does not spell. */
  encode(text: string): number[];
  decode(ids: readonly number[]): string;
}

/** A tokenizer's files cannot be read, or do not belong to the model; or a text has no spelling in its tokens. */
export class TokenizerError extends Error {
  override readonly name = 'TokenizerError';
}
