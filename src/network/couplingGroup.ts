/**
 * Channels that must leave together: the same channel index of every member is one component.
 * Residual adds tie the producers of all their operands into one group.
 */
export interface CouplingGroup {
  /** The id of the group's first producer in execution order; the input node's where nothing produces. */
  readonly name: string;
  readonly channels: number;
  /** Nodes whose output axis is cut (conv2d, dense). */
  readonly producers: readonly string[];
  /** Nodes whose per-channel weights or values are cut along (norms, activations, adds, pools). */
  readonly passThroughs: readonly string[];
  /** Nodes whose input axis is cut. */
  readonly consumers: readonly GroupConsumer[];
  /** Why the group must stay whole (it holds the network's input or output, …); absent if it may be cut. */
  readonly frozen?: string;
}

export interface GroupConsumer {
  readonly node: string;
  /**
   * Input features of the consumer per channel: 1, or height · width after a flatten, where
   * feature `f` belongs to channel `f mod channels`.
   */
  readonly spread: number;
}
