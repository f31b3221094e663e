/**
 * TensorFlow.js layers models (`model.json` and float32 weight shards) to and from `Network`.
 * What is read: Sequential and Functional models of Keras 2 (also the graph dialect of Keras 3),
 * of the layers in `tfjsLayers/layers/table.ts`. What is written: Functional, Keras 2 dialect.
 */
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
} from './tfjsLayers/errors.ts';
