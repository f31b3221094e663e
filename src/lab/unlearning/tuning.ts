import type { FineTuneReport } from '../../workers/protocol.ts';

export type TrainingStep = Extract<FineTuneReport, { readonly kind: 'step' }>['step'];
export type TrainingEpoch = Extract<FineTuneReport, { readonly kind: 'epoch' }>['epoch'];

/** What training starts from: the outcome that is looked at, the pruned network on the page, or the intact one. */
export const TUNING_STARTS = ['shown', 'pruned', 'intact'] as const;
export type TuningStart = (typeof TUNING_STARTS)[number];

export interface TuningSettings {
  readonly start: TuningStart;
  readonly epochs: number;
  readonly rate: number;
  readonly batch: number;
  /** Training pictures. */
  readonly pictures: number;
}

export const TUNING_LIMITS = {
  epochs: { least: 1, most: 100 },
  batch: { least: 1, most: 512 },
  pictures: { least: 8, most: 50_000 },
} as const;

export const DEFAULT_TUNING: TuningSettings = { start: 'shown', epochs: 3, rate: 0.001, batch: 32, pictures: 512 };

/** Training while it runs, and what is left of it afterwards. */
export interface Tuning {
  readonly settings: TuningSettings;
  readonly steps: readonly TrainingStep[];
  readonly epochs: readonly TrainingEpoch[];
  readonly paused: boolean;
  readonly running: boolean;
}

const MOST_POINTS = 120;

export interface TuningPoint {
  /** In epochs since the start. */
  readonly at: number;
  readonly loss: number;
  readonly accuracy: number;
}

/** Loss and accuracy in at most `MOST_POINTS` runs of steps, each the mean of its own. */
export function tuningCurve(steps: readonly TrainingStep[], epochs: number): readonly TuningPoint[] {
  const [first] = steps;
  if (!first) return [];
  const perEpoch = first.steps / epochs;
  const width = Math.max(1, Math.ceil(steps.length / MOST_POINTS));
  return Array.from({ length: Math.ceil(steps.length / width) }, (_, k) => {
    const own = steps.slice(k * width, (k + 1) * width);
    const mean = (of: (step: TrainingStep) => number) => own.reduce((sum, step) => sum + of(step), 0) / own.length;
    return { at: mean(({ step }) => step) / perEpoch, loss: mean(({ loss }) => loss), accuracy: mean(({ accuracy }) => accuracy) };
  });
}
