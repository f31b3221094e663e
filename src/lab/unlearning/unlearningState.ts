import { createStore, type StoreApi } from 'zustand/vanilla';
import type { Network } from '../../network/network.ts';
import type { ForgetMethod } from '../../unlearning/forgetMethod.ts';
import type { ForgettingReport } from '../../unlearning/forgettingReport.ts';
import type { UnlearnTrial } from '../../unlearning/unlearn.ts';
import { DEFAULT_UNLEARN, type UnlearnRequest } from '../../unlearning/unlearnRequest.ts';
import type { Retrained } from './retrained.ts';
import { DEFAULT_TUNING, type Tuning, type TuningSettings } from './tuning.ts';

/** What a person has set; the seed and what pictures are drawn from are the experiment's. */
export interface UnlearningSettings extends Omit<UnlearnRequest, 'seed'> {
  /** Forget pictures, and as many retain pictures. */
  readonly pictures: number;
}

/** One network that was made to forget. */
export interface ForgetOutcome {
  readonly id: number;
  readonly network: Network;
  readonly report: ForgettingReport;
}

/** What runs now. */
export interface ForgetRun {
  readonly method: ForgetMethod;
  readonly classes: readonly number[];
  /** Shares tried so far. */
  readonly trials: readonly UnlearnTrial[];
}

export interface UnlearningState {
  readonly settings: UnlearningSettings;
  readonly run?: ForgetRun;
  /** The oldest first. */
  readonly outcomes: readonly ForgetOutcome[];
  /** The outcome that is looked at. */
  readonly shown?: number;
  /** What stood in the way of a method's last run. */
  readonly failures: Readonly<Partial<Record<ForgetMethod, string>>>;
  /** Networks that were trained without one class, where the open model came with them. */
  readonly retrained?: Retrained;
  readonly tuningSettings: TuningSettings;
  /** The training that runs, or ran last. */
  readonly tuning?: Tuning;
  /** What stood in the way of training, or ended it before its time. */
  readonly tuningFailure?: string;
}

export const PICTURE_LIMITS = { least: 8, most: 4096 } as const;

/** Outcomes that are kept: each holds a network. */
export const MOST_OUTCOMES = 16;

export const INITIAL_UNLEARNING: UnlearningState = {
  settings: { ...DEFAULT_UNLEARN, classes: [0], pictures: 256 },
  outcomes: [],
  failures: {},
  tuningSettings: DEFAULT_TUNING,
};

export type UnlearningStore = StoreApi<UnlearningState>;

export function createUnlearningStore(): UnlearningStore {
  return createStore<UnlearningState>()(() => INITIAL_UNLEARNING);
}

export function shownOutcome({ outcomes, shown }: Pick<UnlearningState, 'outcomes' | 'shown'>): ForgetOutcome | undefined {
  return outcomes.find(({ id }) => id === shown);
}

/** Whether both forgot the same classes. */
export function sameClasses(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((c) => b.includes(c));
}
