import type { Network } from '../../../network/network.ts';
import { exportTfjsLayers } from '../../tfjsLayers.ts';
import type { Json } from '../mutators/json.ts';
import { openFiles, type Files } from '../networkOracle.ts';
import { encoded, soundNetworks } from './sources.ts';

export interface LayerJson {
  class_name: string;
  name: string;
  config: Record<string, Json>;
  inbound_nodes: Json[];
}

export interface WeightJson {
  name: string;
  shape: number[];
  dtype: string;
  quantization?: { dtype: string; scale?: number; min?: number };
}

/** What is changed of a `model.json`. */
export interface ModelJson {
  modelTopology: { model_config: { class_name: string; config: { name: string; layers: LayerJson[]; input_layers: Json; output_layers: Json } } };
  weightsManifest: { paths: string[]; weights: WeightJson[] }[];
}

export interface SoundModel {
  /** As it is read from the files. */
  readonly network: Network;
  readonly json: ModelJson;
  readonly weights: Uint8Array;
}

/** Layers models that open. */
export function soundLayersModels(): Promise<readonly SoundModel[]> {
  return Promise.all(soundNetworks().map(async (written) => {
    const { modelJson, weights } = exportTfjsLayers(written);
    const json = JSON.parse(JSON.stringify(modelJson)) as ModelJson;
    const network = await openFiles(filesOf(JSON.stringify(json), weights));
    return { network, json, weights };
  }));
}

export function filesOf(text: string, weights: Uint8Array): Files {
  return { 'model.json': encoded(text), 'weights.bin': weights };
}
