import type { Network } from '../network/network.ts';
import { withHdf5File } from './kerasH5/hdf5File.ts';
import { legacyWeights } from './kerasH5/legacyWeights.ts';
import { ModelFileError } from './kerasLayers/errors.ts';
import { dialectOfVersion, parseJson } from './kerasLayers/kerasJson.ts';
import { parseModelConfig } from './kerasLayers/modelConfig.ts';
import { readableGraph, readNetwork } from './kerasLayers/readNetwork.ts';

const MODEL_CONFIG = 'The model_config of the HDF5 file';

/**
 * The network of a whole model that Keras 2 or 3 saved as HDF5 (`model.save('model.h5')`).
 *
 * Node ids are as `importTfjsLayers` makes them; where the rules of plain TensorFlow.js and Keras
 * differ, Keras's hold. Loads the HDF5 reader on the first call.
 *
 * Throws `ModelFileError`, `UnsupportedGraphError`, `UnsupportedLayerError`, `UnsupportedConfigError`,
 * `MissingWeightError`, `UnsupportedWeightError`, and what `validateNetwork` throws.
 */
export async function importKerasH5(bytes: Uint8Array): Promise<Network> {
  return withHdf5File(bytes, (file) => {
    const [config] = file.strings('/', 'model_config') ?? [];
    if (config === undefined) {
      throw new ModelFileError('The HDF5 file holds no model_config: weights alone say nothing of the layers. Save the whole model, with model.save.');
    }
    const [version] = file.strings('/', 'keras_version') ?? file.strings('model_weights', 'keras_version') ?? [];
    const model = parseModelConfig(parseJson(config, MODEL_CONFIG), MODEL_CONFIG);
    return readNetwork(readableGraph(model), dialectOfVersion(version), legacyWeights(file));
  });
}
