import { z } from 'zod';
import { ModelFileError, UnsupportedGraphError } from './errors.ts';
import type { FileLayer, ModelConfig } from './schema.ts';

/** A layer and the layers it reads from, by name. */
export interface GraphLayer {
  readonly name: string;
  readonly className: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly inputs: readonly string[];
}

/** The layers in execution order: each after its inputs, else in the file's order. */
export interface Topology {
  readonly name: string;
  readonly layers: readonly GraphLayer[];
  readonly output: string;
}

/**
 * Reads the wiring of a Sequential or Functional model.
 * Throws `UnsupportedGraphError` for shared layers and for several inputs or outputs, and
 * `ModelFileError` where layers are missing, repeated or in a cycle.
 */
export function readTopology(model: ModelConfig): Topology {
  const { class_name: className, config } = model;
  const name = config.name ?? 'model';
  if (config.layers.length === 0) throw new ModelFileError('The model has no layers.');
  switch (className) {
    case 'Sequential': {
      const layers = sequentialLayers(config.layers);
      return { name, layers, output: layers[layers.length - 1].name };
    }
    case 'Functional':
    case 'Model': {
      const layers = config.layers.map(functionalLayer);
      const outputs = references(config.output_layers, 'output_layers');
      if (outputs.length !== 1) {
        throw new UnsupportedGraphError(`The model must have one output, found ${outputs.length}.`);
      }
      return { name, layers: executionOrder(layers), output: outputs[0] };
    }
    default:
      throw new ModelFileError(`The model is a ${className}; only Sequential and Functional models are read.`);
  }
}

function nameOf(layer: FileLayer): string {
  const name = layer.name ?? layer.config.name;
  if (name === undefined) throw new ModelFileError(`A ${layer.class_name} layer has no name.`);
  return name;
}

function sequentialLayers(layers: readonly FileLayer[]): readonly GraphLayer[] {
  const chain = layers.map((layer) => ({ name: nameOf(layer), className: layer.class_name, config: layer.config }));
  const [first] = chain;
  if (first.className !== 'InputLayer') {
    chain.unshift({ name: `${first.name}_input`, className: 'InputLayer', config: first.config });
  }
  return chain.map((layer, i) => ({ ...layer, inputs: i > 0 ? [chain[i - 1].name] : [] }));
}

function functionalLayer(layer: FileLayer): GraphLayer {
  const name = nameOf(layer);
  const uses = layer.inbound_nodes ?? [];
  if (uses.length > 1) {
    throw new UnsupportedGraphError(`Layer "${name}" is used ${uses.length} times; shared layers are not supported.`);
  }
  return { name, className: layer.class_name, config: layer.config, inputs: references(uses[0] ?? [], name) };
}

const reference = z.tuple([z.string(), z.number(), z.number()]).rest(z.unknown());
const keras3Reference = z.looseObject({ config: z.looseObject({ keras_history: reference }) });

/**
 * The layer names in an inbound node or an output list: `["name", 0, 0, {}]`, lists of these, or
 * Keras 3's `{ args: […keras tensors…] }`.
 */
function references(value: unknown, where: string): readonly string[] {
  const keras3 = keras3Reference.safeParse(value);
  const single = reference.safeParse(keras3.success ? keras3.data.config.keras_history : value);
  if (single.success) {
    const [name, use, tensor] = single.data;
    if (use !== 0 || tensor !== 0) {
      throw new UnsupportedGraphError(`"${where}" reads use ${use}, tensor ${tensor} of "${name}"; only the first is supported.`);
    }
    return [name];
  }
  if (Array.isArray(value)) return value.flatMap((item) => references(item, where));
  if (typeof value === 'object' && value !== null && 'args' in value) return references(value.args, where);
  throw new ModelFileError(`The connections of "${where}" cannot be read: ${JSON.stringify(value)?.slice(0, 80)}.`);
}

function executionOrder(layers: readonly GraphLayer[]): readonly GraphLayer[] {
  const byName = new Map(layers.map((layer) => [layer.name, layer]));
  if (byName.size < layers.length) {
    const repeated = layers.find((layer) => byName.get(layer.name) !== layer);
    throw new ModelFileError(`Two layers are called "${repeated?.name}"; names must be unique.`);
  }
  const state = new Map<GraphLayer, 'open' | 'done'>();
  const ordered: GraphLayer[] = [];
  for (const start of layers) {
    const stack = [start];
    while (stack.length > 0) {
      const layer = stack[stack.length - 1];
      if (state.get(layer) === undefined) {
        state.set(layer, 'open');
        for (const input of layer.inputs.toReversed()) {
          const source = byName.get(input);
          if (!source) throw new ModelFileError(`Layer "${layer.name}" reads from "${input}", which does not exist.`);
          if (state.get(source) === 'open') throw new ModelFileError(`Layer "${layer.name}" is part of a cycle.`);
          if (state.get(source) === undefined) stack.push(source);
        }
      } else {
        stack.pop();
        if (state.get(layer) === 'open') ordered.push(layer);
        state.set(layer, 'done');
      }
    }
  }
  return ordered;
}
