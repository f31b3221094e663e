import type { Network, Node, Shape } from '../../network/network.ts';
import { opDefinition } from '../../network/ops/table.ts';
import { inputShapes, validateNetwork } from '../../network/shapes.ts';
import { ModelFileError, UnsupportedGraphError, UnsupportedLayerError } from './errors.ts';
import { executionOrder } from './executionOrder.ts';
import type { LayerSource, WeightSource } from './layerSource.ts';
import type { Dialect, ModelConfig } from './modelConfig.ts';
import { readModelGraph, type GraphLayer, type ModelGraph } from './modelGraph.ts';
import { ARITHMETIC, layerReaders } from './readers/table.ts';

/**
 * The wiring of `model`, every layer of a class that is read and after those it reads: what can be
 * said before any weight is fetched.
 *
 * Throws `UnsupportedLayerError`, and what `readModelGraph` throws.
 */
export function readableGraph(model: ModelConfig): ModelGraph {
  const graph = readModelGraph(model);
  for (const { id, className } of graph.layers) {
    if (!layerReaders.has(className)) throw new UnsupportedLayerError(id, className, [...layerReaders.keys()]);
  }
  return { ...graph, layers: executionOrder(graph.layers) };
}

/**
 * The network of a Keras model, however its file is made.
 *
 * Node ids are layer ids; a fused activation becomes a node `<layer>_activation` of its own.
 * Throws `UnsupportedConfigError`, `UnsupportedGraphError`, what `weights` throws, and what
 * `validateNetwork` throws.
 */
export function readNetwork({ name, layers, outputs }: ModelGraph, dialect: Dialect, weights: WeightSource): Network {
  const nodes: Node[] = [];
  const shapes = new Map<string, Shape>();
  const valueOf = new Map<string, string>();
  for (const layer of layers) {
    const read = layerReaders.get(layer.className)?.(sourceOf(layer, dialect, weights, shapes, valueOf)) ?? [];
    for (const node of read) {
      nodes.push(node);
      shapes.set(node.id, opDefinition(node).outputShape(node, inputShapes(node, shapes)));
      valueOf.set(layer.id, node.id);
    }
  }
  const network = { name, nodes, outputs: outputs.map((id) => valueIn(valueOf, id)) };
  validateNetwork(network);
  return network;
}

function sourceOf(
  layer: GraphLayer,
  dialect: Dialect,
  weights: WeightSource,
  shapes: ReadonlyMap<string, Shape>,
  valueOf: ReadonlyMap<string, string>,
): LayerSource {
  const { id, className, config } = layer;
  const inputs = layer.operands.filter((operand) => typeof operand === 'string').map((operand) => valueIn(valueOf, operand));
  if (inputs.length === 0 && className !== 'InputLayer') {
    throw new UnsupportedGraphError(`Layer "${id}" (${className}) reads from no layer.`);
  }
  if (inputs.length < layer.operands.length && !ARITHMETIC.has(className)) {
    throw new UnsupportedGraphError(`Layer "${id}" (${className}) is called on a number; only values of layers are supported.`);
  }
  let input = 0;
  return {
    id,
    className,
    config,
    dialect,
    inputs,
    inputShapes: inputs.map((value) => shapes.get(value) ?? []),
    operands: layer.operands.map((operand) => (typeof operand === 'number' ? operand : { input: input++ })),
    weights: (order) => weights(layer, order),
  };
}

function valueIn(valueOf: ReadonlyMap<string, string>, layer: string): string {
  const id = valueOf.get(layer);
  if (id === undefined) throw new ModelFileError(`The layer "${layer}" has no value.`);
  return id;
}
