import { z } from 'zod';
import type { Node, NodeOf, Op, Shape, Weight } from '../../network/network.ts';
import { describeIssue, describeValue } from './describeValue.ts';
import { UnsupportedConfigError, UnsupportedGraphError } from './errors.ts';
import type { Dialect } from './modelConfig.ts';
import type { GraphLayer } from './modelGraph.ts';

/** A weight of the layer by its Keras name; throws `MissingWeightError` and `UnsupportedWeightError`. */
export type FindWeight = (name: string) => Weight;

/**
 * The weights of a layer. `order` names all that it has, in the order in which Keras creates them:
 * some files tell them apart by name, some by place alone.
 */
export type WeightSource = (layer: GraphLayer, order: readonly string[]) => FindWeight;

/** A layer of the file with all that is needed to read it. */
export interface LayerSource {
  readonly id: string;
  readonly className: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly dialect: Dialect;
  /** Ids of the nodes that it reads; numbers are left out. */
  readonly inputs: readonly string[];
  readonly inputShapes: readonly Shape[];
  /** What it is applied to in order: index into `inputs`, or a number. */
  readonly operands: readonly ({ readonly input: number } | number)[];
  readonly weights: (order: readonly string[]) => FindWeight;
}

/** The node of a layer, or several where it does several things; the last is the layer's value. */
export type LayerReader = (layer: LayerSource) => readonly Node[];

/** A node that takes the layer's name and place. */
export function nodeOf<O extends Op>(layer: LayerSource, op: O, attributes: NodeOf<O>['attributes'], weights: NodeOf<O>['weights']): NodeOf<O> {
  return { id: layer.id, op, inputs: layer.inputs, attributes, weights };
}

/** The layer's config by `schema`; throws `UnsupportedConfigError` naming the layer and the setting. */
export function parseConfig<S extends z.ZodType>(layer: LayerSource, schema: S): z.output<S> {
  const parsed = schema.safeParse(layer.config);
  if (parsed.success) return parsed.data;
  throw new UnsupportedConfigError(layer.id, layer.className, describeIssue(parsed.error, layer.config));
}

/** Throws `UnsupportedConfigError`: `<setting> <must>, found …`. */
export function refuse(layer: LayerSource, problem: string, found: unknown): never {
  throw new UnsupportedConfigError(layer.id, layer.className, `${problem}, found ${describeValue(found)}.`);
}

/**
 * Throws where plain TensorFlow.js opens the file but ignores the setting: what the network
 * computes then depends on who runs it. `what` names the setting and its value.
 */
export function refuseIgnored(layer: LayerSource, what: string, found: unknown): void {
  if (layer.dialect === 'tfjs') refuse(layer, `${what}: plain TensorFlow.js ignores this setting and Keras does not`, found);
}

/** The one value that the layer reads. Throws `UnsupportedGraphError` for several, or for numbers. */
export function soleShape(layer: LayerSource): Shape {
  if (layer.inputShapes.length !== 1 || layer.operands.length !== 1) {
    throw new UnsupportedGraphError(`Layer "${layer.id}" (${layer.className}) takes one input, found ${layer.operands.length}.`);
  }
  return layer.inputShapes[0];
}

const whole = z.number().int().positive();
const bothWays = z.union([whole, z.tuple([whole, whole])]);

/** One number for both axes, or `[height, width]`. */
export const pair = bothWays.transform((value) => (typeof value === 'number' ? ([value, value] as const) : value));

const rows = z.number().int().nonnegative();

/** One number for all sides, `[height, width]`, or `[[top, bottom], [left, right]]`. */
export const border = z.union([
  rows.transform((n) => [[n, n], [n, n]] as const),
  z.tuple([rows, rows]).transform(([h, w]) => [[h, h], [w, w]] as const),
  z.tuple([z.tuple([rows, rows]), z.tuple([rows, rows])]),
]);

/** Of a window; `causal` is of sequences. */
export const padding = z.enum(['same', 'valid']);

/** Only channels-last data is read; absent means channels last. */
export const dataFormat = z.enum(['channels_last', 'channelsLast']).nullish();

/** One axis, or a list of them; the batch is axis 0. */
export const axes = z.union([z.number().int(), z.array(z.number().int())]);

/** Throws unless `axis` is the last of the layer's input, batch axis counted. */
export function requireLastAxis(layer: LayerSource, axis: number | readonly number[]): void {
  const rank = soleShape(layer).length + 1;
  const found = typeof axis === 'number' ? [axis] : axis;
  if (found.length !== 1 || (found[0] !== -1 && found[0] !== rank - 1)) {
    refuse(layer, `axis must be the last (-1 or ${rank - 1})`, axis);
  }
}
