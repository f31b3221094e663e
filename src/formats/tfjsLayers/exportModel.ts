import type { Network } from '../../network/network.ts';
import { validateNetwork, weightsOf } from '../../network/shapes.ts';
import { fileWeightNames } from './layers/layerCodec.ts';
import { writeLayer } from './layers/table.ts';

/** A layers model as files: `model.json` and its one shard, which it calls `weights.bin`. */
export interface TfjsLayersFiles {
  /** Plain JSON-able content of `model.json`. */
  readonly modelJson: {
    readonly format: 'layers-model';
    readonly generatedBy: string;
    readonly convertedBy: null;
    readonly modelTopology: Readonly<Record<string, unknown>>;
    readonly weightsManifest: readonly {
      readonly paths: readonly string[];
      readonly weights: readonly { readonly name: string; readonly shape: readonly number[]; readonly dtype: 'float32' }[];
    }[];
  };
  /** Float32, little-endian, in the manifest's order. */
  readonly weights: Uint8Array<ArrayBuffer>;
}

/**
 * Writes `network` as a Functional model in Keras 2 dialect that plain `tf.loadLayersModel` opens.
 * Importing it again gives an equal network, its weights bit by bit.
 * Throws what `validateNetwork` throws.
 */
export function exportTfjsLayers(network: Network): TfjsLayersFiles {
  validateNetwork(network);
  const layers = network.nodes.map((node) => {
    const { className, config } = writeLayer(node);
    return {
      class_name: className,
      name: node.id,
      inbound_nodes: node.inputs.length > 0 ? [node.inputs.map((id) => [id, 0, 0, {}])] : [],
      config: { name: node.id, trainable: true, dtype: 'float32', ...config },
    };
  });
  const entries = network.nodes.flatMap((node) =>
    weightsOf(node).map(([name, weight]) => ({ name: `${node.id}/${fileWeightNames[name]}`, weight })),
  );
  const inputs = network.nodes.filter((node) => node.op === 'input').map((node) => [node.id, 0, 0]);
  return {
    modelJson: {
      format: 'layers-model',
      generatedBy: 'ModHiFi Lab',
      convertedBy: null,
      modelTopology: {
        keras_version: '2.15.0',
        backend: 'tensorflow',
        model_config: {
          class_name: 'Functional',
          config: { name: network.name, layers, input_layers: inputs, output_layers: [[network.output, 0, 0]] },
        },
      },
      weightsManifest: [
        {
          paths: ['weights.bin'],
          weights: entries.map(({ name, weight }) => ({ name, shape: weight.shape, dtype: 'float32' })),
        },
      ],
    },
    weights: concatenate(entries.map(({ weight }) => weight.values)),
  };
}

function concatenate(arrays: readonly Float32Array[]): Uint8Array<ArrayBuffer> {
  const joined = new Uint8Array(arrays.reduce((total, array) => total + array.byteLength, 0));
  let at = 0;
  for (const array of arrays) {
    joined.set(new Uint8Array(array.buffer, array.byteOffset, array.byteLength), at);
    at += array.byteLength;
  }
  return joined;
}
