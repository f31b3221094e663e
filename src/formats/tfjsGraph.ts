/**
 * Frozen TensorFlow.js graph models (`model.json` of format `graph-model` and weight shards), as
 * tensorflowjs_converter writes them of SavedModels, to `Network`. The ops that are read stand in
 * `tfjsGraph/opTable.ts`; activations that graphs spell out, in `tfjsGraph/patterns.ts`.
 */
export { GraphModelError, UnsupportedGraphNodeError } from './tfjsGraph/errors.ts';
export { importTfjsGraph, type GraphImportOptions } from './tfjsGraph/importGraph.ts';
