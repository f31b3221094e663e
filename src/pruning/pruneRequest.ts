import type { Selection } from './selections.ts';
import { NO_RULES, type WidthRules } from './widthRules.ts';

/** What a person asks for, apart from the network and the pictures. All of it travels in a link. */
export interface PruneRequest {
  readonly target: BudgetTarget;
  readonly select: Selection;
  readonly compensate: Compensation;
  readonly order: Order;
  /** How a target of `macs` or `params` is shared out among the groups. */
  readonly allocate: Allocation;
  /** Whether the norm layers' statistics are measured again on the pruned network. */
  readonly renorm: boolean;
  readonly rules: WidthRules;
  /** Seeds the random selection and the choice of calibration images. */
  readonly seed: number;
}

/**
 * - `macs`, `params`: keep at most this fraction of the network's cost, shared out as `allocate` says
 * - `latency`: likewise of the time of one run, as the measured time of every step predicts it (`timeModel`)
 * - `channels`: this keep fraction in every group
 * - `eta`: per group, the least k whose subset fidelity reaches this value (the paper's (k, η)-HiFi set)
 */
export interface BudgetTarget {
  readonly kind: TargetKind;
  /** In (0, 1]. */
  readonly value: number;
}

export const TARGET_KINDS = ['macs', 'params', 'latency', 'channels', 'eta'] as const;
export { SELECTIONS, type Selection } from './selections.ts';
/**
 * - `none`: the kept weights stay
 * - `scale`: each output scales them, the paper's δ*
 * - `leastSquares`: refits them; `leastSquaresBias`: and the bias
 * - `leastSquaresRelu`: and, in sequential order, only as far as a ReLU behind the layer lets through
 */
export const COMPENSATIONS = ['none', 'scale', 'leastSquares', 'leastSquaresBias', 'leastSquaresRelu'] as const;
/**
 * - `uniform`: one keep fraction for every group
 * - `eta`: one fidelity for every group, the greatest that the budget affords
 * - `theory`: where a unit of cost buys the least output error, by slopes measured on the network (Theorem 3.1)
 */
export const ALLOCATIONS = ['uniform', 'eta', 'theory'] as const;
export const ORDERS = ['oneShot', 'sequential'] as const;

export type TargetKind = (typeof TARGET_KINDS)[number];
export type Compensation = (typeof COMPENSATIONS)[number];
export type Allocation = (typeof ALLOCATIONS)[number];
export type Order = (typeof ORDERS)[number];

export const DEFAULT_REQUEST: PruneRequest = {
  target: { kind: 'macs', value: 0.5 },
  select: 'singleton',
  compensate: 'leastSquares',
  order: 'sequential',
  allocate: 'uniform',
  renorm: false,
  rules: NO_RULES,
  seed: 1,
};

/** True of a target that is a cost to share out among the groups. */
export function sharesCost({ kind }: Pick<BudgetTarget, 'kind'>): boolean {
  return kind === 'macs' || kind === 'params' || kind === 'latency';
}

/** Channels that a person kept or cut by hand; they override the selection. Group → channel → kept. */
export type Pins = Readonly<Record<string, Readonly<Record<number, boolean>>>>;
