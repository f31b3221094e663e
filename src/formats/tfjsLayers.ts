/**
 * TensorFlow.js layers models (`model.json` and weight shards) to and from `Network`.
 *
 * What is read: Sequential and Functional models of Keras 2 and 3, of the layers in
 * `kerasLayers/readers/table.ts`, also where models serve as layers. What is written: Functional,
 * Keras 2 dialect, float32, which plain TensorFlow.js opens.
 */
export { ExportError } from './tfjsLayers/exportError.ts';
export { exportTfjsLayers, type TfjsLayersFiles } from './tfjsLayers/exportModel.ts';
export { importTfjsLayers } from './tfjsLayers/importModel.ts';
export type { ReadShard } from './tfjsLayers/weightsFile.ts';
export { unzipTfjsLayers, zipTfjsLayers } from './tfjsLayers/zip.ts';
export {
  MissingWeightError,
  ModelFileError,
  TruncatedWeightsError,
  UnsupportedConfigError,
  UnsupportedGraphError,
  UnsupportedLayerError,
  UnsupportedWeightError,
} from './kerasLayers/errors.ts';
