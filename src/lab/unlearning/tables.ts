import type { ForgettingReport, Knowledge } from '../../unlearning/forgettingReport.ts';
import { percent, seconds, whole } from '../format.ts';
import { destinations, pointsBetween, share } from './findings.ts';
import { methodLabel } from './methods.ts';

export interface Table {
  readonly header: readonly string[];
  readonly rows: readonly (readonly (string | number)[])[];
}

/** Counts, with a row for each true class. */
export function confusionTable({ confusion }: Knowledge, names: readonly string[], truth: ForgettingReport['measures']['truth']): Table {
  return {
    header: [truth === 'labels' ? 'shown' : 'taken for before', ...names],
    rows: confusion.map((row, c) => [names[c], ...row]),
  };
}

export function trialsTable(trials: ForgettingReport['trials']): Table {
  return {
    header: ['share removed', 'forget', 'retain agreement'],
    rows: trials.map((trial) => [percent(trial.share, 0), percent(trial.forget), percent(trial.retain)]),
  };
}

export function destinationsTable(report: ForgettingReport, names: readonly string[]): Table {
  return {
    header: ['taken for', 'before', 'now'],
    rows: destinations(report).map((to) => [names[to.class], percent(to.before), percent(to.after)]),
  };
}

/** One line for each outcome. */
export function comparisonTable(reports: readonly ForgettingReport[]): Table {
  return {
    header: ['method', 'forget', 'retain', 'points', 'regained by a probe', 'taken for unseen', 'gradient steps', 'time', 'test images'],
    rows: reports.map((report) => [
      methodLabel(report),
      share(report.measures.after.forget),
      share(report.measures.after.retain),
      pointsBetween(report.measures.before.retain, report.measures.after.retain),
      share(report.recoverability?.after),
      share(report.membership?.after),
      whole(report.gradientSteps),
      seconds(report.milliseconds / 1000),
      whole(report.measures.images),
    ]),
  };
}
