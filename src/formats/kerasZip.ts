import type { Network } from '../network/network.ts';
import { withHdf5File } from './kerasH5/hdf5File.ts';
import { ModelFileError } from './kerasLayers/errors.ts';
import { dialectOfVersion, parseJson } from './kerasLayers/kerasJson.ts';
import { parseModelConfig } from './kerasLayers/modelConfig.ts';
import { readableGraph, readNetwork } from './kerasLayers/readNetwork.ts';
import { openZip } from './kerasLayers/zipFile.ts';
import { numberedWeights } from './kerasZip/numberedWeights.ts';

/**
 * The network of a `.keras` file: a zip of `config.json`, `metadata.json` and `model.weights.h5`, as
 * Keras 3 and Keras 2.12 and later save it (`model.save('model.keras')`).
 *
 * Node ids are as `importTfjsLayers` makes them; where the rules of plain TensorFlow.js and Keras
 * differ, Keras's hold. Loads the HDF5 reader on the first call.
 *
 * Throws `ModelFileError`, `UnsupportedGraphError`, `UnsupportedLayerError`, `UnsupportedConfigError`,
 * `MissingWeightError`, `UnsupportedWeightError`, and what `validateNetwork` throws.
 */
export async function importKerasZip(bytes: Uint8Array): Promise<Network> {
  const zip = openZip(bytes);
  const json = (name: string): unknown => parseJson(new TextDecoder().decode(zip.read(name)), `"${name}" in the .keras file`);
  const metadata = json('metadata.json');
  const version = typeof metadata === 'object' && metadata !== null ? Reflect.get(metadata, 'keras_version') : undefined;
  const dialect = dialectOfVersion(version);
  const graph = readableGraph(parseModelConfig(json('config.json'), '"config.json" in the .keras file'));
  if (!zip.names.includes('model.weights.h5')) {
    const found = zip.names.filter((name) => name.startsWith('model.weights')).join(', ') || 'none';
    throw new ModelFileError(`The .keras file holds no model.weights.h5 (weight files: ${found}). Save the model with its weights as HDF5, in one file.`);
  }
  return withHdf5File(zip.read('model.weights.h5'), (file) => readNetwork(graph, dialect, numberedWeights(file)));
}
