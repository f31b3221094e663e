import { describeValue } from './describeValue.ts';
import { ModelFileError, UnsupportedGraphError } from './errors.ts';
import { readCall, readReferences, type Reference } from './inboundNode.ts';
import { MODEL_CLASSES, parseModelConfig, type FileLayer, type ModelConfig } from './modelConfig.ts';

/** A layer of the flattened model. */
export interface GraphLayer {
  /** The layer's name; within a model that serves as a layer, `outer/inner`. */
  readonly id: string;
  /** The names that `id` joins, outermost first. */
  readonly path: readonly string[];
  /** On each level of `path`: the class, and how many layers of that class come before in the file. */
  readonly slots: readonly Slot[];
  readonly className: string;
  readonly config: Readonly<Record<string, unknown>>;
  /** Ids of the layers that it reads, or numbers, in order. */
  readonly operands: readonly (string | number)[];
}

export interface Slot {
  readonly className: string;
  readonly index: number;
}

export interface ModelGraph {
  readonly name: string;
  readonly layers: readonly GraphLayer[];
  /** Ids of the layers whose values are the model's outputs. */
  readonly outputs: readonly string[];
}

/** Models within models; a file that nests deeper is not one that Keras wrote. */
const DEEPEST = 16;

/**
 * The layers of a Sequential or Functional model, models within it flattened, and their wiring.
 * In the file's order, which need not be one of execution.
 *
 * Throws `UnsupportedGraphError` for shared layers, several inputs and layers of several outputs,
 * and `ModelFileError` where layers are missing or repeated.
 */
export function readModelGraph(model: ModelConfig): ModelGraph {
  const flattening = new Flattening();
  const outputs = flattening.addModel(model, { path: [], slots: [] }, undefined);
  const layers = flattening.layers.map(({ operands, ...layer }) => ({
    ...layer,
    operands: operands.map((operand) => (typeof operand === 'number' ? operand : flattening.resolve(operand, `Layer "${layer.id}" reads`))),
  }));
  const inputs = layers.filter(({ className }) => className === 'InputLayer').map(({ id }) => `"${id}"`);
  if (inputs.length > 1) {
    throw new UnsupportedGraphError(`The model has ${inputs.length} inputs, ${inputs.join(', ')}; models of one input are supported.`);
  }
  return { name: model.config.name ?? 'model', layers, outputs: outputs.map((output) => flattening.resolve(output, 'The model’s output_layers name')) };
}

interface Place {
  readonly path: readonly string[];
  readonly slots: readonly Slot[];
}

/** Output `tensor` of the layer or inner model `id`. */
interface ValueKey {
  readonly id: string;
  readonly tensor: number;
}

type UnresolvedLayer = Omit<GraphLayer, 'operands'> & { readonly operands: readonly (ValueKey | number)[] };

const PASSING = Symbol('passing');

class Flattening {
  readonly layers: UnresolvedLayer[] = [];
  /** Ids of ordinary layers. */
  readonly #ids = new Set<string>();
  /** Inner models by id, with what their outputs stand for; inner input layers, with what is bound to them. */
  readonly #standsFor = new Map<string, readonly ValueKey[]>();
  /** What was found of these, or that the search is under way: long chains are walked once. */
  readonly #resolved = new Map<string, string | typeof PASSING>();

  /** Adds the model's layers; `bound`: what the inputs of an inner model read. Returns its outputs. */
  addModel(model: ModelConfig, place: Place, bound: readonly ValueKey[] | undefined): readonly ValueKey[] {
    const { class_name: className, config } = model;
    const where = place.path.length > 0 ? `The model "${place.path.join('/')}"` : 'The model';
    if (place.path.length > DEEPEST) throw new ModelFileError('The file nests models too deeply.');
    if (config.layers.length === 0) throw new ModelFileError(`${where} has no layers.`);
    return className === 'Sequential' ? this.#addSequential(config, place, bound) : this.#addFunctional(config, place, bound, where);
  }

  /** The id of the layer whose value `key` is; `reader` opens the message where there is none. */
  resolve(key: ValueKey, reader: string): string {
    const passed: string[] = [];
    let { id, tensor } = key;
    for (;;) {
      const at = `${tensor} ${id}`;
      const known = this.#resolved.get(at);
      if (known === PASSING) throw new ModelFileError(`${reader} "${key.id}", which is part of a cycle.`);
      if (known !== undefined) id = known;
      const values = known === undefined ? this.#standsFor.get(id) : undefined;
      if (!values) {
        if (!this.#ids.has(id)) throw new ModelFileError(`${reader} "${id}", which does not exist.`);
        if (known === undefined && tensor > 0) {
          throw new UnsupportedGraphError(`${reader} output ${tensor} of "${id}"; only a layer's first output is supported.`);
        }
        for (const place of passed) this.#resolved.set(place, id);
        return id;
      }
      if (tensor >= values.length) throw new ModelFileError(`${reader} output ${tensor} of "${id}", which has ${values.length}.`);
      this.#resolved.set(at, PASSING);
      passed.push(at);
      ({ id, tensor } = values[tensor]);
    }
  }

  #addSequential({ layers, build_input_shape: built }: ModelConfig['config'], place: Place, bound: readonly ValueKey[] | undefined): readonly ValueKey[] {
    const slotOf = slotCounter();
    const own = layers[0].class_name === 'InputLayer' ? layers[0] : undefined;
    let value: readonly ValueKey[] | undefined = bound;
    if (bound && bound.length !== 1) {
      throw new UnsupportedGraphError(`The model "${place.path.join('/')}" is called on ${bound.length} values; a Sequential model takes one.`);
    }
    if (!bound && own) value = this.#addLayer(own, within(place, own, slotOf(own)), undefined);
    for (const layer of own ? layers.slice(1) : layers) {
      if (!value && !MODEL_CLASSES.has(layer.class_name)) value = this.#addImpliedInput(layer, place, built);
      value = this.#addLayer(layer, within(place, layer, slotOf(layer)), value);
    }
    return value ?? [];
  }

  #addFunctional({ layers, ...config }: ModelConfig['config'], place: Place, bound: readonly ValueKey[] | undefined, where: string): readonly ValueKey[] {
    const slotOf = slotCounter();
    const byName = new Map(layers.map((layer) => [nameOf(layer), layer]));
    const keyOf = (reference: Reference, reader: string): ValueKey => keyWithin(place, reference, reader, byName.get(reference.name));
    if (bound) {
      const inputs = readReferences(config.input_layers ?? [], 'input_layers');
      if (inputs.length !== bound.length) {
        throw new ModelFileError(`${where} has ${inputs.length} inputs, but is called on ${bound.length} values.`);
      }
      inputs.forEach(({ name }, k) => this.#stand([...place.path, name].join('/'), [bound[k]]));
    }
    for (const layer of layers) {
      const placed = within(place, layer, slotOf(layer));
      const id = placed.path.join('/');
      const calls = layer.inbound_nodes ?? [];
      if (bound && layer.class_name === 'InputLayer') {
        if (!this.#standsFor.has(id)) throw new ModelFileError(`${where} has an input "${id}" that its input_layers do not name.`);
        continue;
      }
      if (calls.length > 1) {
        throw new UnsupportedGraphError(`Layer "${id}" is used ${calls.length} times; shared layers are not supported.`);
      }
      const operands = calls.flatMap((call) => readCall(call, id))
        .map((operand) => (typeof operand === 'number' ? operand : keyOf(operand, id)));
      this.#addLayer(layer, placed, calls.length > 0 ? operands : undefined);
    }
    const outputs = readReferences(config.output_layers ?? [], 'output_layers');
    if (outputs.length === 0) throw new ModelFileError(`${where} names no output_layers.`);
    return outputs.map((output) => keyOf(output, 'output_layers'));
  }

  /** Adds a layer, or the layers of an inner model, and returns its values. */
  #addLayer(layer: FileLayer, place: Place, operands: readonly (ValueKey | number)[] | undefined): readonly ValueKey[] {
    const id = place.path.join('/');
    if (MODEL_CLASSES.has(layer.class_name)) {
      const model = parseModelConfig({ class_name: layer.class_name, config: layer.config }, `The model "${id}"`);
      const values = operands?.filter((operand) => typeof operand !== 'number');
      const outputs = this.addModel(model, place, values);
      this.#stand(id, outputs);
      return outputs;
    }
    this.#claim(id);
    this.#ids.add(id);
    this.layers.push({ id, ...place, className: layer.class_name, config: layer.config, operands: operands ?? [] });
    return [{ id, tensor: 0 }];
  }

  #addImpliedInput(first: FileLayer, place: Place, built: unknown): readonly ValueKey[] {
    const { batch_input_shape: shape = first.config.batch_shape ?? built } = first.config;
    const name = `${nameOf(first)}_input`;
    if (shape === undefined) {
      throw new ModelFileError(`The first layer, "${nameOf(first)}", does not say the shape of its input: ${describeValue(first.config)}.`);
    }
    const input = { class_name: 'InputLayer', name, config: { batch_input_shape: shape } };
    return this.#addLayer(input, within(place, input, { className: 'InputLayer', index: 0 }), undefined);
  }

  #stand(id: string, values: readonly ValueKey[]): void {
    this.#claim(id);
    this.#standsFor.set(id, values);
  }

  #claim(id: string): void {
    if (this.#ids.has(id) || this.#standsFor.has(id)) throw new ModelFileError(`Two layers are called "${id}"; names must be unique.`);
  }
}

function within({ path, slots }: Place, layer: FileLayer, slot: Slot): Place {
  return { path: [...path, nameOf(layer)], slots: [...slots, slot] };
}

/** Keras counts the calls of a Functional model from 1, as making it was the first; those of other layers from 0. */
function keyWithin(place: Place, { name, use, tensor }: Reference, reader: string, source: FileLayer | undefined): ValueKey {
  const calls = source && MODEL_CLASSES.has(source.class_name) ? 1 : 0;
  if (use > calls) throw new UnsupportedGraphError(`"${reader}" reads use ${use} of "${name}"; shared layers are not supported.`);
  return { id: [...place.path, name].join('/'), tensor };
}

function slotCounter(): (layer: FileLayer) => Slot {
  const counts = new Map<string, number>();
  return ({ class_name: className, module }) => {
    // Keras 3's operations are not among a model's layers, and so do not count
    if (module?.includes('.ops.')) return { className, index: 0 };
    const index = counts.get(className) ?? 0;
    counts.set(className, index + 1);
    return { className, index };
  };
}

function nameOf(layer: FileLayer): string {
  const name = layer.name ?? layer.config.name;
  if (name === undefined) throw new ModelFileError(`A ${layer.class_name} layer has no name.`);
  return name;
}
