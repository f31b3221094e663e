import { legibleError } from '../legibleError.ts';
import type { NamedFiles } from '../modelFormats/namedFiles.ts';
import { checkedDescription, parseJsonFile, parseObjectFile } from './description.ts';
import { TokenizerError, type Tokenizer } from './textTokenizer.ts';
import { fromVocabAndMerges } from './vocabAndMerges.ts';

export interface TokenizerOptions {
  /** Where the files lie, with a slash at its end; beside the others by default. */
  readonly folder?: string;
  /** Ids that the model has rows for; a tokenizer with more is another model's. */
  readonly vocabulary?: number;
  /** What begins a text, as the model's config has it. */
  readonly begin?: number;
  /** What ends one. */
  readonly end?: readonly number[];
}

/** What a tokenizer is read from, and what goes with a model that is written back. */
export const TOKENIZER_FILES = ['tokenizer.json', 'tokenizer_config.json', 'special_tokens_map.json', 'vocab.json', 'merges.txt', 'generation_config.json'] as const;

/**
 * The tokenizer among `files`: `tokenizer.json`, or else `vocab.json` and `merges.txt`; undefined
 * where neither is there.
 *
 * @throws TokenizerError where the files are damaged, of a kind that the library does not know, or of a larger vocabulary than
 *   the model's; what `files.read` throws
 */
export async function readTokenizer(files: NamedFiles, { folder = '', vocabulary, begin, end }: TokenizerOptions = {}): Promise<Tokenizer | undefined> {
  const has = async (name: string): Promise<boolean> => files.paths.includes(folder + name) || ((await files.has?.(folder + name)) ?? false);
  try {
    const path = await has('tokenizer.json') ? 'tokenizer.json' : (await has('vocab.json')) && (await has('merges.txt')) ? 'vocab.json' : undefined;
    if (path === undefined) return undefined;
    // its one setting that a tokenizer.json lacks is not worth asking a server for
    const asked = path === 'tokenizer.json' ? files.paths.includes(`${folder}${CONFIG}`) : await has(CONFIG);
    const config = asked ? parseObjectFile(CONFIG, await files.read(folder + CONFIG)) : {};
    const bytes = await files.read(folder + path);
    const json = path === 'tokenizer.json'
      ? parseJsonFile(path, bytes)
      : fromVocabAndMerges(parseObjectFile(path, bytes), new TextDecoder().decode(await files.read(`${folder}merges.txt`)), config);
    const { json: description, size } = checkedDescription(path, json);
    if (vocabulary !== undefined && size > vocabulary) {
      throw new TokenizerError(`${path} has ${size} tokens, but the model only ${vocabulary}. It belongs to another model.`);
    }
    const { Tokenizer: LibraryTokenizer } = await import('@huggingface/tokenizers');
    return wrapped(built(path, () => new LibraryTokenizer(description, config)), size, begin, end);
  } catch (error) {
    throw legibleError(error);
  }
}

const CONFIG = 'tokenizer_config.json';

/** The library's, as far as it is used. */
interface Spelling {
  encode(text: string, options: { readonly add_special_tokens: boolean }): { readonly ids: readonly (number | undefined)[]; readonly tokens: readonly string[] };
  decode(ids: number[], options: { readonly skip_special_tokens: boolean; readonly clean_up_tokenization_spaces: boolean }): string;
  id_to_token(id: number): string | undefined;
}

function built(path: string, make: () => Spelling): Spelling {
  try {
    return make();
  } catch (cause) {
    // what it says on purpose helps; what it trips over does not
    const said = cause instanceof Error && cause.constructor === Error && !/undefined|\[object/.test(cause.message) ? `: ${cause.message}` : '';
    throw new TokenizerError(`${path} is of a kind that the tokenizer's library does not read${said}.`, { cause });
  }
}

function tried<T>(what: string, run: () => T): T {
  try {
    return run();
  } catch (cause) {
    throw new TokenizerError(`The tokenizer's library could not ${what}; its tokenizer.json may be damaged.`, { cause });
  }
}

function wrapped(spelling: Spelling, size: number, begin: number | undefined, end: readonly number[] | undefined): Tokenizer {
  return {
    size,
    ...(begin !== undefined && Number.isInteger(begin) && begin >= 0 && begin < size && { begin }),
    ...(end && end.length > 0 && { end }),
    encode(text) {
      const { ids, tokens } = tried('split the text', () => spelling.encode(text, { add_special_tokens: false }));
      return ids.map((id, k) => {
        if (id !== undefined && Number.isInteger(id) && id >= 0 && id < size) return id;
        throw legibleError(new TokenizerError(`The tokenizer has no token for ${JSON.stringify(tokens[k] ?? '')}.`));
      });
    },
    decode(ids) {
      const known = ids.filter((id) => spelling.id_to_token(id) !== undefined);
      if (known.length === 0) return '';
      return tried('join the tokens', () => spelling.decode(known, { skip_special_tokens: true, clean_up_tokenization_spaces: false }));
    },
  };
}
