import type { Shape, Weight } from '../../network/network.ts';

/** What a tensor of the graph is to the lab: known before any picture is seen, or computed from the picture. */
export type Value = Constant | Feature;

/** A tensor that does not depend on the pictures, except perhaps on how many there are. */
export interface Constant {
  readonly kind: 'constant';
  readonly shape: Shape;
  /** Row-major. */
  readonly values: Float32Array | Float64Array | Int32Array | readonly Size[];
}

/** A size as `Shape` of a tensor gives it: a number, or a multiple of the unknown batch size. */
export type Size = number | BatchMultiple;

export interface BatchMultiple {
  readonly batches: number;
}

/** The value of a network's node: `[batch, …shape]`. */
export interface Feature {
  readonly kind: 'feature';
  readonly id: string;
  /** Of one sample. */
  readonly shape: Shape;
  /**
   * The graph sees the value as a matrix `[batch · shape[0] · …, shape.at(-1)]`: how TensorFlow
   * writes a dense layer along the last axis of a picture.
   */
  readonly rows: boolean;
}

export function constant(shape: Shape, values: Constant['values']): Constant {
  return { kind: 'constant', shape, values };
}

export function count(shape: Shape): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** The constant's values as numbers; undefined where one depends on the batch size. */
export function numbersOf({ values }: Constant): ArrayLike<number> | undefined {
  return Array.isArray(values) ? numbersAmong(values) : (values as ArrayLike<number>);
}

function numbersAmong(sizes: readonly Size[]): readonly number[] | undefined {
  const numbers = sizes.filter((size) => typeof size === 'number');
  return numbers.length === sizes.length ? numbers : undefined;
}

/** Row-major float32 under `shape`, which must have as many values. */
export function weight(shape: Shape, values: ArrayLike<number>): Weight {
  return { shape, values: values instanceof Float32Array ? values : Float32Array.from(values) };
}
