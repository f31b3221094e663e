import type { Network } from '../../network/network.ts';
import { readableGraph, readNetwork } from '../kerasLayers/readNetwork.ts';
import { dialectOf, parseModelJson } from './modelJson.ts';
import { readWeights, type ReadShard } from './weightsFile.ts';

/**
 * The network of a TensorFlow.js layers model.
 *
 * `modelJson` is the parsed content of `model.json`; `readShard` brings its weight files.
 * Node ids are layer names; a fused activation becomes a node `<layer>_activation` of its own, and
 * a model that serves as a layer is flattened, its layers called `<outer>/<inner>`. A Sequential
 * model without an input layer gets one called `<first layer>_input`.
 *
 * Throws `ModelFileError`, `UnsupportedGraphError`, `UnsupportedLayerError`,
 * `UnsupportedConfigError`, `MissingWeightError`, `TruncatedWeightsError`,
 * `UnsupportedWeightError`, and what `validateNetwork` throws.
 */
export async function importTfjsLayers(modelJson: unknown, readShard: ReadShard): Promise<Network> {
  const { model, weightsManifest } = parseModelJson(modelJson);
  const graph = readableGraph(model);
  return readNetwork(graph, dialectOf(model), await readWeights(weightsManifest, readShard));
}
