import type { Shape } from '../../network/network.ts';

/** Raised where a reader of the former version would go wrong. */
export const PLAN_VERSION = 1;

/** The content of `plan.json`; every field is described in `docs/plan-format.md`. */
export interface PlanDocument {
  readonly format: 'modhifi-plan';
  readonly version: typeof PLAN_VERSION;
  readonly network: string;
  readonly outputs: readonly string[];
  readonly weightsFile: string;
  /** `<op>.<weight>` → what its axes are, and how PyTorch orders them. */
  readonly layouts: Readonly<Record<string, PlanLayout>>;
  readonly groups: readonly PlanGroup[];
  /** In execution order. */
  readonly nodes: readonly PlanNode[];
}

export interface PlanLayout {
  readonly axes: readonly string[];
  /** PyTorch's axis k is axis `torch[k]` here. */
  readonly torch: readonly number[];
}

/** Channels that leave together. */
export interface PlanGroup {
  readonly name: string;
  /** Of the intact network. */
  readonly channels: number;
  /** Ascending. */
  readonly kept: readonly number[];
  /** Nodes whose outputs are cut by their weights, along their values alone, and whose inputs are cut. */
  readonly producers: readonly string[];
  readonly passThroughs: readonly string[];
  readonly consumers: readonly string[];
  /** Why all channels had to stay. */
  readonly frozen?: string;
}

export interface PlanNode {
  readonly id: string;
  readonly op: string;
  readonly inputs: readonly string[];
  /** As they are after pruning. */
  readonly attributes: Readonly<Record<string, unknown>>;
  /** Of the value of the first input; absent for the input node. */
  readonly in?: PlanAxis;
  /** Of the node's own value. */
  readonly out: PlanAxis;
  readonly weights: Readonly<Record<string, PlanWeight>>;
}

/** The channel axis of a value. */
export interface PlanAxis {
  /** Counted without the batch, channels last. */
  readonly axis: number;
  /** Features along it in the intact network. */
  readonly size: number;
  /** Ascending; null where all stay. */
  readonly kept: readonly number[] | null;
  /** Names of the groups that have a feature here. */
  readonly groups: readonly string[];
}

export interface PlanWeight {
  /** Its name in the weights file. */
  readonly tensor: string;
  /** After pruning. */
  readonly shape: Shape;
  /** Per axis of the intact weight, the indices that stay, null where all do; null for a weight that the intact network lacks. */
  readonly kept: readonly (readonly number[] | null)[] | null;
  /** Whether its values are others than those of the intact weight at the kept indices. */
  readonly new: boolean;
}
