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
  /** How the channels of the node's value come from those of its inputs. */
  channels(node: NodeOf<O>, context: ChannelContext): Channels;
  /** The node with its weights cut to the kept features. Called only where something is cut. */
  cut(node: NodeOf<O>, kept: KeptFeatures): NodeOf<O>;
}

export type InputCount = 'none' | 'one' | 'two' | 'three' | 'twoOrMore';

/**
 * The channels of a value: the axis of the sample's shape along which they lie, and for each index
 * along it the label of the channel that it belongs to. Everything at one index is of one channel.
 */
export interface Channels {
  readonly axis: number;
  readonly labels: Int32Array;
}

export interface ChannelContext {
  readonly inputs: readonly Channels[];
  readonly inputShapes: readonly Shape[];
  readonly output: Shape;
  readonly ties: ChannelTies;
}

/** What an op may say of labels while `coupling` walks through the network. */
export interface ChannelTies {
  /** Labels of new channels. */
  open(count: number): Int32Array;
  /** Channels `a[k]` and `b[k]` leave together. */
  tie(a: Int32Array, b: Int32Array): void;
  /** These channels must all stay. */
  freeze(labels: Int32Array, reason: string): void;
}

/**
 * A product of axis widths with a constant: `macs` and `parameters` are totals at the node's
 * present widths, and both scale linearly with each axis named in `axes`.
 *
 * MACs are multiply-accumulates of one forward pass of one sample: conv `H·W·kh·kw·in·out / groups`
 * (H, W of the output; of the input where the convolution is transposed), depthwise `H·W·kh·kw·out`,
 * dense `in·out` a position, attention `2 · tokens · seen tokens · out` (both products, unseen ones of a
 * causal one counted); everything else counts 0. Parameters are the trainable
 * ones: kernels, biases, gamma and beta; the moving statistics of a norm are not counted.
 */
export interface CostPart {
  readonly macs: number;
  readonly parameters: number;
  readonly axes: readonly Axis[];
}

/** `in`: the channel axis of the node's (first) input; `out`: the channel axis of its output. */
export type Axis = 'in' | 'out';

/** Ascending feature indices along the channel axis that stay; absent where all do. */
export interface KeptFeatures {
  readonly in?: readonly number[];
  readonly out?: readonly number[];
  /** The channel axis of the output. */
  readonly axis: number;
}
