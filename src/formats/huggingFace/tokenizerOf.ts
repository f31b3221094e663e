import type { Network } from '../../network/network.ts';
import { tokenInput } from '../../network/sequenceLength.ts';
import type { NamedFiles } from '../modelFormats/namedFiles.ts';
import { readTokenizer, TOKENIZER_FILES, type Tokenizer } from '../tokenizer.ts';
import { parseObject } from './settings.ts';

/** A model's tokenizer, and the files that go with the model when it is written back. */
export interface TokenizerBeside {
  readonly tokenizer?: Tokenizer;
  readonly beside: Readonly<Record<string, Uint8Array>>;
}

/**
 * The tokenizer that lies in `folder` with a model that reads text; nothing for other models and
 * where there is none. A text begins with the config's `bos_token_id` and ends with its `eos_token_id`, of which there may be several.
 *
 * @throws TokenizerError; what `files.read` throws
 */
export async function tokenizerOf(network: Network, files: NamedFiles, folder: string): Promise<TokenizerBeside> {
  const vocabulary = tokenInput(network)?.attributes.vocabulary;
  const config = network.origin?.files['config.json'];
  if (vocabulary === undefined || config === undefined) return { beside: {} };
  const beside: Record<string, Uint8Array> = {};
  const read = async (path: string): Promise<Uint8Array> => (beside[path.slice(folder.length)] = await files.read(path));
  const { bos_token_id: begin, eos_token_id: ends } = parseObject('config.json', new TextEncoder().encode(config));
  const end = [ends].flat().filter((id) => typeof id === 'number');
  const tokenizer = await readTokenizer({ ...files, read }, { folder, vocabulary, end, ...(typeof begin === 'number' && { begin }) });
  for (const name of TOKENIZER_FILES) if (files.paths.includes(folder + name) && !Object.hasOwn(beside, name)) await read(folder + name);
  return { beside, ...(tokenizer && { tokenizer }) };
}
