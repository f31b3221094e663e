/**
 * Text to token ids and back, by the files that lie beside a language model: `tokenizer.json`, or
 * `vocab.json` with `merges.txt`. The library that knows such files is loaded when one is read.
 */
export { readTokenizer, TOKENIZER_FILES, type TokenizerOptions } from './tokenizer/readTokenizer.ts';
export { TokenizerError, type Tokenizer } from './tokenizer/textTokenizer.ts';
