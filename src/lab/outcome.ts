import type { Evaluation } from '../workers/protocol.ts';
import { settingsOf, shownPlan, type Experiment, type FrontierPoint, type Measured, type Shown } from './experiment.ts';
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
  if (result && shown !== 'stale') return { shown, outcome: outcomeOf(result), macs: result.cost.macs, params: result.cost.params };
  const saved = history.nodes.find(({ settings }) => sameSettings(settings, settingsOf({ request, pins, calibration })));
  if (saved) return { shown: 'saved', outcome: saved.outcome, macs: saved.cost.macs, params: saved.cost.params };
  if (!result) return { shown: 'none' };
  return { shown, outcome: outcomeOf({ evaluation: result.evaluation }), macs: result.cost.macs, params: result.cost.params };
}

/** What of a measurement is kept with its plan. */
export function outcomeOf({ evaluation: { images, accuracy, agreement, perClass, text }, latency }: { readonly evaluation: Evaluation } & Pick<Measured, 'latency'>): Outcome {
  return {
    images,
    ...(accuracy === undefined ? {} : { accuracy }),
    agreement,
    perClass,
    ...(text ? { perplexity: finite(text.perplexity), divergence: finite(text.divergence) } : {}),
    ...(latency === undefined ? {} : { latency }),
  };
}

/** What of that places a plan on the frontier. */
export function qualityOf({ images, accuracy, agreement, perplexity, divergence }: Outcome): Pick<FrontierPoint, 'images' | 'accuracy' | 'agreement' | 'perplexity' | 'divergence'> {
  return { images, ...(accuracy === undefined ? {} : { accuracy }), agreement, ...(perplexity === undefined ? {} : { perplexity, divergence }) };
}

/** A ruined network's perplexity may be beyond all numbers, which JSON cannot hold. */
function finite(value: number): number {
  return value <= Number.MAX_VALUE ? value : Number.MAX_VALUE;
}
