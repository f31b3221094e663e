import type { Network, Node, Weight } from '../../network/network.ts';
import { inferShapes, validateNetwork } from '../../network/shapes.ts';
import { ExportError } from './exportError.ts';
import { LayerNames } from './layerNames.ts';
import type { WrittenLayer, WriterContext } from './layerWriter.ts';
import { nonNegativeNodes } from './nonNegative.ts';
import { writeLayer } from './writers/table.ts';

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
 * Writes `network` as a Functional model in Keras 2 dialect that plain `tf.loadLayersModel` opens
 * and that computes the same.
 *
 * A node that plain TensorFlow.js has a layer for becomes that layer; importing such a network again
 * gives an equal one, its weights bit by bit. Other nodes become several layers, called
 * `<node>_<part>`, the last with the node's name. Ids that plain TensorFlow.js does not take as names
 * are changed, and nodes that no output depends on are left out.
 *
 * Throws `ExportError` where no layers compute a node, and what `validateNetwork` throws.
 */
export function exportTfjsLayers(network: Network): TfjsLayersFiles {
  validateNetwork(network);
  const nodes = neededNodes(network);
  const names = new LayerNames(nodes.map(({ id }) => id));
  const shapes = inferShapes(network);
  const nonNegative = nonNegativeNodes(network);
  const layers: NamedLayer[] = [];
  const place = (name: string, layer: WrittenLayer, inputs: readonly string[]): void => {
    layers.push({ ...layer, name, inputs: layer.inputs ?? inputs });
  };
  for (const node of nodes) {
    const inputs = node.inputs.map((id) => names.of(id));
    const context: WriterContext = {
      inputs,
      inputShapes: node.inputs.map((id) => shapes.get(id) ?? []),
      nonNegative: node.inputs.every((id) => nonNegative.has(id)),
      before(part, layer) {
        const name = names.part(node.id, part);
        place(name, layer, inputs);
        return name;
      },
      refuse(problem) {
        throw new ExportError(node.id, node.op, problem);
      },
    };
    place(names.of(node.id), writeLayer(node, context), inputs);
  }
  const sources = nodes.filter(({ op }) => op === 'input').map(({ id }) => [names.of(id), 0, 0]);
  const outputs = network.outputs.map((id) => [names.of(id), 0, 0]);
  const weights = layers.flatMap(weightEntries);
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
          config: { name: network.name, layers: layers.map(layerJson), input_layers: sources, output_layers: outputs },
        },
      },
      weightsManifest: [
        { paths: ['weights.bin'], weights: weights.map(({ name, weight }) => ({ name, shape: weight.shape, dtype: 'float32' })) },
      ],
    },
    weights: concatenate(weights.map(({ weight }) => weight.values)),
  };
}

type NamedLayer = WrittenLayer & { readonly name: string; readonly inputs: readonly string[] };

/** The nodes that an output depends on, and the input. */
function neededNodes({ nodes, outputs }: Network): readonly Node[] {
  const needed = new Set(outputs);
  for (const node of nodes.toReversed()) {
    if (needed.has(node.id)) for (const id of node.inputs) needed.add(id);
  }
  return nodes.filter(({ id, op }) => op === 'input' || needed.has(id));
}

function layerJson({ className, name, config, inputs }: NamedLayer): Readonly<Record<string, unknown>> {
  return {
    class_name: className,
    name,
    inbound_nodes: inputs.length > 0 ? [inputs.map((input) => [input, 0, 0, {}])] : [],
    config: { name, trainable: true, dtype: 'float32', ...config },
  };
}

function weightEntries({ name, weights = {} }: NamedLayer): readonly { readonly name: string; readonly weight: Weight }[] {
  return Object.entries(weights).flatMap(([weightName, weight]) => (weight ? [{ name: `${name}/${weightName}`, weight }] : []));
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
