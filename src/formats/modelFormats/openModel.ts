import type { Network, Shape } from '../../network/network.ts';
import { legibleError } from '../legibleError.ts';
import { parseFileJson } from '../parseFileJson.ts';
import { containerKind, mainFile } from './detect.ts';
import { UnknownModelError } from './errors.ts';
import { besideModel, filesInZip, type NamedFiles } from './namedFiles.ts';
import { requirePlausible } from './plausible.ts';

export interface OpenOptions {
  /** `[height, width, channels]`, or `[features]`: takes the place of sizes that the file leaves open. */
  readonly inputShape?: Shape;
}

/**
 * The network in these files, whatever its format.
 *
 * Throws `UnknownModelError` where none of them is a model or several are, `MissingFileError`, what
 * `files.read` throws, and the errors of the format's importer.
 */
export async function openModel(files: NamedFiles, options: OpenOptions = {}): Promise<Network> {
  try {
    const network = await open(files, options, false);
    requirePlausible(network);
    return network;
  } catch (error) {
    throw legibleError(error);
  }
}

async function open(files: NamedFiles, options: OpenOptions, zipped: boolean): Promise<Network> {
  const path = mainFile(files);
  const bytes = await files.read(path);
  switch (containerKind(path, bytes)) {
    case 'json':
      return openJson(files, path, bytes, options);
    case 'hdf5': {
      const { importKerasH5 } = await import('../kerasH5.ts');
      return importKerasH5(bytes);
    }
    case 'onnx': {
      const { importOnnx } = await import('../onnx.ts');
      return importOnnx(bytes, besideModel(files, path), options);
    }
    case 'zip': {
      const inside = filesInZip(bytes);
      if (inside.paths.includes('config.json') && inside.paths.some((name) => name.startsWith('model.weights'))) {
        const { importKerasZip } = await import('../kerasZip.ts');
        return importKerasZip(bytes);
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
  if (topology === undefined) throw new UnknownModelError(`${path} is JSON, but not of a TensorFlow.js model: it has no modelTopology.`);
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
