import type { NodeOf, Op, Shape } from '../network.ts';

/**
 * Everything the lab must know of one op apart from how to run it. A new op is one file that
 * exports a definition and one line in `table.ts`.
 */
export interface OpDefinition<O extends Op> {
  readonly inputs: InputCount;
  /**
   * Shape of the node's value for one sample. Throws `ShapeError` where the node cannot take
   * `inputs`. May assume that the number of inputs is right.
   */
  outputShape(node: NodeOf<O>, inputs: readonly Shape[]): Shape;
  /** The shape each weight that is present must have; a weight that is missing here must not exist. */
  weightShapes(node: NodeOf<O>, inputs: readonly Shape[]): Readonly<Record<string, Shape>>;
  /** What the node costs for one sample, split by the axes that each part grows with. */
  costParts(node: NodeOf<O>, inputs: readonly Shape[], output: Shape): readonly CostPart[];
  role(node: NodeOf<O>): ChannelRole;
  /** The node with its weights cut to the kept features. Called only where something is cut. */
  cut(node: NodeOf<O>, kept: KeptFeatures): NodeOf<O>;
}

export type InputCount = 'none' | 'one' | 'twoOrMore';

/**
 * What a node does with channels.
 * - `mixer`: consumes the channels of its input and produces new ones
 * - `passThrough`: output feature f depends on feature f of the inputs alone (several inputs are
 *   tied), or, for flatten, feature f on channel `f mod channels`
 * - `blocker`: like passThrough, but its channels must all stay, for `reason`
 * - `source`: makes channels from nothing; they must all stay, for `reason`
 */
export type ChannelRole =
  | { readonly kind: 'mixer' }
  | { readonly kind: 'passThrough' }
  | { readonly kind: 'blocker'; readonly reason: string }
  | { readonly kind: 'source'; readonly reason: string };

/**
 * A product of axis widths with a constant: `macs` and `parameters` are totals at the node's
 * present widths, and both scale linearly with each axis named in `axes`.
 *
 * MACs are multiply-accumulates of one forward pass of one sample: conv `H·W·kh·kw·in·out`
 * (H, W of the output), dense `in·out`; everything else counts 0. Parameters are the trainable
 * ones: kernels, biases, gamma and beta; the moving statistics of a norm are not counted.
 */
export interface CostPart {
  readonly macs: number;
  readonly parameters: number;
  readonly axes: readonly Axis[];
}

/** `in`: the last axis of the node's (first) input; `out`: the last axis of its output. */
export type Axis = 'in' | 'out';

/** Ascending feature indices along the last axis that stay; absent where the axis stays whole. */
export interface KeptFeatures {
  readonly in?: readonly number[];
  readonly out?: readonly number[];
}
