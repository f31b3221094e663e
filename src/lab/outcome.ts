import { settingsOf, shownPlan, type Experiment, type Shown } from './experiment.ts';
import { sameSettings, type Outcome } from './history.ts';

/** The numbers to show for the plan on screen. */
export interface ShownOutcome {
  readonly shown: Shown | 'saved';
  readonly outcome?: Outcome;
  /** Share of the intact MACs and parameters, and the time where it was measured, at these numbers. */
  readonly macs?: number;
  readonly params?: number;
}

/** The measured result; where there is none of the current plan, what the history knows of it. */
export function shownOutcome(experiment: Pick<Experiment, 'result' | 'planKey' | 'history' | 'request' | 'pins' | 'calibration'>): ShownOutcome {
  const { result, history, request, pins, calibration } = experiment;
  const shown = shownPlan(experiment);
  if (result && shown !== 'stale') {
    const { images, accuracy, agreement, perClass } = result.evaluation;
    return { shown, outcome: { images, accuracy, agreement, perClass, ...(result.latency === undefined ? {} : { latency: result.latency }) }, macs: result.cost.macs, params: result.cost.params };
  }
  const saved = history.nodes.find(({ settings }) => sameSettings(settings, settingsOf({ request, pins, calibration })));
  if (saved) return { shown: 'saved', outcome: saved.outcome, macs: saved.cost.macs, params: saved.cost.params };
  if (!result) return { shown: 'none' };
  const { images, accuracy, agreement, perClass } = result.evaluation;
  return { shown, outcome: { images, accuracy, agreement, perClass }, macs: result.cost.macs, params: result.cost.params };
}
