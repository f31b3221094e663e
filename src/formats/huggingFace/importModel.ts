import type { Network, Shape } from '../../network/network.ts';
import { validateNetwork } from '../../network/shapes.ts';
import { besideModel, folderOf, type NamedFiles } from '../modelFormats/namedFiles.ts';
import { fillDraft, slotsOf } from './draft.ts';
import { familyOf } from './families/table.ts';
import { TooLargeError, USUAL_MEMORY, type MemoryNeed } from './memory.ts';
import { normalisationOf } from './pixelInput.ts';
import { memoryNeed, readWeights } from './readWeights.ts';
import { parseObject } from './settings.ts';
import { shardsIn } from './shards.ts';

export interface HuggingFaceOptions {
  /** `[tokens]` of a model that reads text; the lesser of 256 and what it can read by default. */
  readonly inputShape?: Shape;
  /** Bytes that weights and the file being read may take; 4 GiB by default. */
  readonly memoryLimit?: number;
  /** Told what opening takes before any weights are read. */
  readonly onMemory?: (need: MemoryNeed) => void;
}

/**
 * The network of a model in Hugging Face's layout: `config` is the content of the `config.json` at
 * `path`; safetensors lie beside it, in one file or several.
 *
 * Node ids are the layers' paths in the file. What is needed to write the model back is in the
 * network's `origin`.
 *
 * @throws HuggingFaceFileError, UnsupportedHuggingFaceModelError, HuggingFaceWeightsError, TooLargeError, SafetensorsError,
 *   MissingFileError, and what `files.read` and `validateNetwork` throw
 */
export async function importHuggingFace(files: NamedFiles, path: string, bytes: Uint8Array, options: HuggingFaceOptions = {}): Promise<Network> {
  const config = parseObject(path, bytes);
  const family = familyOf(config);
  const read = besideModel(files, path);
  const processor = family.reads === 'pictures' ? await read(PROCESSOR) : undefined;
  const normalisation = processor && normalisationOf(parseObject(PROCESSOR, processor));
  const draft = (prefix: string) => family.draft(config, { prefix, ...(normalisation && { normalisation }), ...(options.inputShape && family.reads === 'text' && { inputShape: options.inputShape }) });

  const shards = await shardsIn(files, folderOf(path), read);
  const need = memoryNeed(slotsOf(draft(family.prefix)), shards, config);
  options.onMemory?.(need);
  const limit = options.memoryLimit ?? USUAL_MEMORY;
  if (need.total > limit) throw new TooLargeError(need, limit);

  let found = draft(family.prefix);
  const slotsFor = (names: readonly string[]): ReturnType<typeof slotsOf> => {
    if (!names.some((name) => name.startsWith(family.prefix))) found = draft('');
    return slotsOf(found);
  };
  const weights = await readWeights(slotsFor, shards, family, read);
  const network = {
    ...fillDraft(found, weights),
    origin: { format: 'huggingFace', files: { 'config.json': text(bytes), ...(processor && { [PROCESSOR]: text(processor) }) } },
  } as const;
  validateNetwork(network);
  return network;
}

function text(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

const PROCESSOR = 'preprocessor_config.json';
