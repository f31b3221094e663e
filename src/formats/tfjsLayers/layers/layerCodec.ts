import { z } from 'zod';
import type { Node, NodeOf, Op, Shape, Weight } from '../../../network/network.ts';
import { UnsupportedConfigError } from '../errors.ts';
import { describeIssue } from '../schema.ts';

/** A layer of the file with all that is needed to read it. */
export interface LayerSource {
  readonly name: string;
  readonly className: string;
  readonly config: Readonly<Record<string, unknown>>;
  /** Node ids. */
  readonly inputs: readonly string[];
  readonly inputShapes: readonly Shape[];
  /** Throws `MissingWeightError`. */
  readonly weight: (name: string) => Weight;
}

/** The node of a layer, or two where its activation is fused; the last is the layer's output. */
export type LayerReader = (layer: LayerSource) => readonly Node[];

/** Class name and config (without the name) that write a node; weights go by `fileWeightNames`. */
export interface WrittenLayer {
  readonly className: string;
  readonly config: Readonly<Record<string, unknown>>;
}

export type LayerWriter<O extends Op> = (node: NodeOf<O>) => WrittenLayer;

/** Our weight name → the file's. */
export const fileWeightNames: Readonly<Record<string, string>> = {
  kernel: 'kernel',
  bias: 'bias',
  gamma: 'gamma',
  beta: 'beta',
  mean: 'moving_mean',
  variance: 'moving_variance',
};

/** The layer's config by `schema`; throws `UnsupportedConfigError` naming the layer and the setting. */
export function parseConfig<S extends z.ZodType>(layer: LayerSource, schema: S): z.output<S> {
  const parsed = schema.safeParse(layer.config);
  if (parsed.success) return parsed.data;
  throw new UnsupportedConfigError(layer.name, layer.className, describeIssue(parsed.error, layer.config));
}

const whole = z.number().int().positive();
const bothWays = z.union([whole, z.tuple([whole, whole])]);

/** One number for both axes, or `[height, width]`. */
export const pair = bothWays.transform((value) => (typeof value === 'number' ? ([value, value] as const) : value));

export const padding = z.enum(['same', 'valid']);

/** Only channels-last data is read; absent means channels last. */
export const dataFormat = z.enum(['channels_last', 'channelsLast']).nullish();

/** Throws unless `axis` is the last of the layer's input, batch axis counted. */
export function requireLastAxis(layer: LayerSource, axis: number | readonly number[]): void {
  const axes = typeof axis === 'number' ? [axis] : axis;
  const rank = layer.inputShapes[0].length + 1;
  if (axes.length !== 1 || (axes[0] !== -1 && axes[0] !== rank - 1)) {
    throw new UnsupportedConfigError(
      layer.name, layer.className, `axis must be the last (-1 or ${rank - 1}), found ${JSON.stringify(axis)}.`,
    );
  }
}
