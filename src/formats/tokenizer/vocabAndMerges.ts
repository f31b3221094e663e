/** The settings that may name a special token. */
const SPECIAL = ['bos_token', 'eos_token', 'unk_token', 'pad_token'] as const;

/**
 * The `tokenizer.json` that GPT-2's older pair of files amounts to: byte-level pairs (Radford et al.
 * 2019) over `vocab.json` and `merges.txt`, special tokens by `tokenizer_config.json`.
 */
export function fromVocabAndMerges(vocab: Readonly<Record<string, unknown>>, merges: string, config: Readonly<Record<string, unknown>>): unknown {
  const byteLevel = { type: 'ByteLevel', add_prefix_space: config['add_prefix_space'] === true, trim_offsets: true, use_regex: true };
  const special = new Set(SPECIAL.map((key) => contentOf(config[key])));
  return {
    added_tokens: Object.entries(vocab).flatMap(([content, id]) =>
      special.has(content) ? [{ id, content, single_word: false, lstrip: false, rstrip: false, normalized: false, special: true }] : []),
    normalizer: null,
    pre_tokenizer: byteLevel,
    post_processor: null,
    decoder: byteLevel,
    model: {
      type: 'BPE', dropout: null, unk_token: null, continuing_subword_prefix: null, end_of_word_suffix: null, fuse_unk: false, byte_fallback: false,
      vocab,
      merges: merges.split(/\r?\n/).filter((line) => line !== '' && !line.startsWith('#version')),
    },
  };
}

/** A token is named by its text, or by an object that holds it. */
function contentOf(token: unknown): unknown {
  return typeof token === 'object' && token !== null ? Reflect.get(token, 'content') : token;
}
