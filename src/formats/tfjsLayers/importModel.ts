import type { Network, Node, Shape } from '../../network/network.ts';
import { opDefinition } from '../../network/ops/table.ts';
import { inputShapes, validateNetwork } from '../../network/shapes.ts';
import { ModelFileError, UnsupportedGraphError, UnsupportedLayerError } from './errors.ts';
import { layerReaders } from './layers/table.ts';
import { describeIssue, modelJsonSchema } from './schema.ts';
import { readTopology } from './topology.ts';
import { readWeights, type ReadShard } from './weightsFile.ts';

/**
 * The network of a TensorFlow.js layers model.
 *
 * `modelJson` is the parsed content of `model.json`; `readShard` brings its weight files.
 * Node ids are layer names; a fused activation becomes a node `<layer>_activation` of its own. A
 * Sequential model without an input layer gets one called `<first layer>_input`.
 *
 * Throws `ModelFileError`, `UnsupportedGraphError`, `UnsupportedLayerError`,
 * `UnsupportedConfigError`, `MissingWeightError`, `TruncatedWeightsError`,
 * `UnsupportedWeightError`, and what `validateNetwork` throws.
 */
export async function importTfjsLayers(modelJson: unknown, readShard: ReadShard): Promise<Network> {
  const file = parseModelJson(modelJson);
  const topology = readTopology(file.modelTopology);
  for (const { name, className } of topology.layers) {
    if (!layerReaders.has(className)) throw new UnsupportedLayerError(name, className, [...layerReaders.keys()]);
  }
  const findWeight = await readWeights(file.weightsManifest, readShard);

  const nodes: Node[] = [];
  const shapes = new Map<string, Shape>();
  const valueOf = new Map<string, string>();
  for (const { name, className, config, inputs } of topology.layers) {
    if (inputs.length === 0 && className !== 'InputLayer') {
      throw new UnsupportedGraphError(`Layer "${name}" (${className}) reads from no layer.`);
    }
    const ids = inputs.map((input) => valueOf.get(input) ?? input);
    const read = layerReaders.get(className)?.({
      name,
      className,
      config,
      inputs: ids,
      inputShapes: ids.flatMap((id) => [shapes.get(id) ?? []]),
      weight: (weight) => findWeight(name, weight),
    });
    for (const node of read ?? []) {
      nodes.push(node);
      shapes.set(node.id, opDefinition(node).outputShape(node, inputShapes(node, shapes)));
      valueOf.set(name, node.id);
    }
  }
  const output = valueOf.get(topology.output);
  if (output === undefined) throw new ModelFileError(`The output layer "${topology.output}" does not exist.`);
  const network = { name: topology.name, nodes, output };
  validateNetwork(network);
  return network;
}

function parseModelJson(modelJson: unknown) {
  if (typeof modelJson === 'object' && modelJson !== null && 'format' in modelJson) {
    if (modelJson.format === 'graph-model') {
      throw new ModelFileError('This is a TensorFlow.js graph model; only layers models are read. Convert with --output_format=tfjs_layers_model.');
    }
  }
  const parsed = modelJsonSchema.safeParse(modelJson);
  if (parsed.success) return parsed.data;
  throw new ModelFileError(`This is not a TensorFlow.js layers model: ${describeIssue(parsed.error, modelJson)}`);
}
