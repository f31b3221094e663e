import type { Network, Shape } from '../../network/network.ts';
import type { MemoryNeed, TokenizerBeside } from '../huggingFace.ts';
import { legibleError } from '../legibleError.ts';
import { parseFileJson } from '../parseFileJson.ts';
import { containerKind, mainFile } from './detect.ts';
import { UnknownModelError } from './errors.ts';
import { besideModel, filesInZip, folderOf, type NamedFiles } from './namedFiles.ts';
import { requirePlausible } from './plausible.ts';

export interface OpenOptions {
  /** `[height, width, channels]`, `[features]`, or `[tokens]` of a text: takes the place of sizes that the file leaves open. */
  readonly inputShape?: Shape;
  /** Bytes that the weights of a model in Hugging Face's layout and the file being read may take; 4 GiB by default. */
  readonly memoryLimit?: number;
  /** Told what opening such a model takes, before any weights are read. */
  readonly onMemory?: (need: MemoryNeed) => void;
}

/**
 * The network in these files, whatever its format.
 *
 * Throws `UnknownModelError` where none of them is a model or several are, `MissingFileError`, what
 * `files.read` throws, and the errors of the format's importer.
 */
export async function openModel(files: NamedFiles, options: OpenOptions = {}): Promise<Network> {
  return (await opened(files, options)).network;
}

export interface OpenedModel extends TokenizerBeside {
  readonly network: Network;
}

/**
 * As `openModel`, with the tokenizer that lies beside a model that reads text.
 *
 * Throws what `openModel` throws, and `TokenizerError`.
 */
export async function openModelAndTokenizer(files: NamedFiles, options: OpenOptions = {}): Promise<OpenedModel> {
  const { network, files: found, path } = await opened(files, options);
  if (network.origin?.format !== 'huggingFace') return { network, beside: {} };
  const { tokenizerOf } = await import('../huggingFace.ts');
  return { network, ...(await tokenizerOf(network, found, folderOf(path))) };
}

interface Opened {
  readonly network: Network;
  /** Where the model was found: the files, or those in the zip among them. */
  readonly files: NamedFiles;
  readonly path: string;
}

async function opened(files: NamedFiles, options: OpenOptions): Promise<Opened> {
  try {
    const found = await open(files, options, false);
    requirePlausible(found.network);
    return found;
  } catch (error) {
    throw legibleError(error);
  }
}

async function open(files: NamedFiles, options: OpenOptions, zipped: boolean): Promise<Opened> {
  const path = mainFile(files);
  const bytes = await files.read(path);
  switch (containerKind(path, bytes)) {
    case 'json':
      return { network: await openJson(files, path, bytes, options), files, path };
    case 'hdf5': {
      const { importKerasH5 } = await import('../kerasH5.ts');
      return { network: await importKerasH5(bytes), files, path };
    }
    case 'onnx': {
      const { importOnnx } = await import('../onnx.ts');
      return { network: await importOnnx(bytes, besideModel(files, path), options), files, path };
    }
    case 'zip': {
      const inside = filesInZip(bytes);
      if (inside.paths.includes('config.json') && inside.paths.some((name) => name.startsWith('model.weights'))) {
        const { importKerasZip } = await import('../kerasZip.ts');
        return { network: await importKerasZip(bytes), files, path };
      }
      if (zipped) throw new UnknownModelError(`"${path}" is a zip within a zip; unpack the outer one.`);
      return open(inside, options, true);
    }
  }
}

async function openJson(files: NamedFiles, path: string, bytes: Uint8Array, options: OpenOptions): Promise<Network> {
  const json = parsed(path, bytes);
  const readShard = besideModel(files, path);
  const topology = property(json, 'modelTopology');
  if (property(json, 'format') === 'graph-model' || property(topology, 'node') !== undefined) {
    const { importTfjsGraph } = await import('../tfjsGraph.ts');
    return importTfjsGraph(json, readShard, options);
  }
  if (topology === undefined && property(json, 'model_type') !== undefined) {
    const { importHuggingFace } = await import('../huggingFace.ts');
    return importHuggingFace(files, path, bytes, options);
  }
  if (topology === undefined) throw new UnknownModelError(`${path} is JSON, but not of a TensorFlow.js model (it has no modelTopology) nor of a Hugging Face one (it has no model_type).`);
  const { importTfjsLayers } = await import('../tfjsLayers.ts');
  return importTfjsLayers(json, readShard);
}

function parsed(path: string, bytes: Uint8Array): unknown {
  try {
    return parseFileJson(new TextDecoder().decode(bytes));
  } catch (cause) {
    throw new UnknownModelError(`${path} is not JSON; it may be cut short.`, { cause });
  }
}

function property(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}
