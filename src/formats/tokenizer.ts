/** Text as a language model reads it. */
export interface Tokenizer {
  /** Ids run from 0 to `size − 1`. */
  readonly size: number;
  /** What begins a text; undefined where nothing does. */
  readonly begin?: number;
  /** Without any token that the text does not spell. */
  encode(text: string): number[];
  decode(ids: readonly number[]): string;
}
