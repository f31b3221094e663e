/**
 * Channels that must leave together: the same index of every member is one component. Residual
 * adds, gates, depthwise and grouped convolutions tie channels of several layers, or several
 * channels of one.
 */
export interface CouplingGroup {
  /** The id of the group's first producer in execution order; the input node's where nothing produces. */
  readonly name: string;
  /** Components: how many can be kept or cut. */
  readonly channels: number;
  /** Nodes whose output axis is cut (conv2d, dense, transposedConv2d). */
  readonly producers: readonly string[];
  /** Nodes whose per-channel weights or values are cut along (norms, activations, adds, pools). */
  readonly passThroughs: readonly string[];
  /** Nodes whose input axis is cut. */
  readonly consumers: readonly string[];
  /** Sets of components, each all that some node has of this group: at least one of each must stay. */
  readonly parts?: readonly (readonly number[])[];
  /** Why the group must stay whole (it holds the network's input or output, …); absent if it may be cut. */
  readonly frozen?: string;
}

/** Which component each of some features belongs to. */
export interface ComponentMap {
  /** The groups that have a feature here: one, but for concatenations and what reads them. */
  readonly groups: readonly CouplingGroup[];
  /** Per feature, which of `groups`. */
  readonly group: Int32Array;
  /** Per feature, the component within its group. */
  readonly component: Int32Array;
}

/** The features of a node: the indices along its channel axis. */
export interface FeatureMap extends ComponentMap {
  /** The axis of the sample's shape along which the channels lie. */
  readonly axis: number;
}
