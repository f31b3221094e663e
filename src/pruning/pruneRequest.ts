import { NO_RULES, type WidthRules } from './widthRules.ts';

/** What a person asks for, apart from the network and the pictures. All of it travels in a link. */
export interface PruneRequest {
  readonly target: BudgetTarget;
  readonly select: Selection;
  readonly compensate: Compensation;
  readonly order: Order;
  readonly rules: WidthRules;
  /** Seeds the random selection and the choice of calibration images. */
  readonly seed: number;
}

/**
 * - `macs`, `params`: keep at most this fraction of the network's cost, with one keep fraction for every group
 * - `channels`: this keep fraction in every group
 * - `eta`: per group, the least k whose subset fidelity reaches this value (the paper's (k, η)-HiFi set)
 */
export interface BudgetTarget {
  readonly kind: TargetKind;
  /** In (0, 1]. */
  readonly value: number;
}

export const TARGET_KINDS = ['macs', 'params', 'channels', 'eta'] as const;
export const SELECTIONS = ['singleton', 'l1', 'l2', 'random'] as const;
export const COMPENSATIONS = ['none', 'scale', 'leastSquares'] as const;
export const ORDERS = ['oneShot', 'sequential'] as const;

export type TargetKind = (typeof TARGET_KINDS)[number];
export type Selection = (typeof SELECTIONS)[number];
export type Compensation = (typeof COMPENSATIONS)[number];
export type Order = (typeof ORDERS)[number];

export const DEFAULT_REQUEST: PruneRequest = {
  target: { kind: 'macs', value: 0.5 },
  select: 'singleton',
  compensate: 'leastSquares',
  order: 'sequential',
  rules: NO_RULES,
  seed: 1,
};

/** Channels that a person kept or cut by hand; they override the selection. Group → channel → kept. */
export type Pins = Readonly<Record<string, Readonly<Record<number, boolean>>>>;
