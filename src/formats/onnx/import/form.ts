import type { Feature } from './value.ts';

/**
 * A step inside a composition that only as a whole is an operation of the lab: it has a value, but
 * no node. Whatever else reads it is refused, naming `origin`.
 */
export type Form = Gate | Moment;

interface Origin {
  readonly node: string;
  readonly opType: string;
  /** The composition that it would have to be part of. */
  readonly partOf: string;
}

/** `scale · g(x) + offset`, with g the curve inside GELU: `erf(x / √2)`, or the tanh that approximates it. */
export interface Gate {
  readonly kind: 'form';
  readonly form: 'gate';
  readonly function: 'gelu' | 'geluTanh';
  readonly of: Feature;
  readonly scale: number;
  readonly offset: number;
  readonly origin: Origin;
}

/**
 * A step of layer normalisation along the logical axes `axes` of x: the mean, `x − mean`, its square, the variance
 * (plus `epsilon`) and its root.
 */
export interface Moment {
  readonly kind: 'form';
  readonly form: 'mean' | 'centred' | 'squares' | 'variance' | 'deviation';
  readonly of: Feature;
  readonly axes: readonly number[];
  readonly epsilon: number;
  readonly origin: Origin;
}

/** Whether both are the same value of the network, axis by axis, apart from their polynomials. */
export function sameBase(a: Feature, b: Feature): boolean {
  const [x, y] = [a.layout.logical, b.layout.logical];
  return a.node === b.node && x.length === y.length &&
    x.every((axis, k) => axis.length === y[k].length && axis.every((atom, i) => atom === y[k][i]));
}
