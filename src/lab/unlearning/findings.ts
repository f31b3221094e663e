import type { ForgettingReport, Knowledge } from '../../unlearning/forgettingReport.ts';
import { GOAL } from '../../unlearning/unlearnRequest.ts';
import { percent, seconds } from '../format.ts';
import { listed } from './classNames.ts';

/** A share, or a dash where there was nothing to measure it on. */
export function share(value: number | undefined, digits = 1): string {
  return value === undefined ? '–' : percent(value, digits);
}

/** `+0.3`, `−0.4` points; a dash where one of the two is not known. */
export function pointsBetween(before: number | undefined, after: number | undefined): string {
  if (before === undefined || after === undefined) return '–';
  const points = 100 * (after - before);
  return `${points < -0.05 ? '−' : points > 0.05 ? '+' : '±'}${Math.abs(points).toFixed(1)}`;
}

/** What came out, in a sentence. */
export function headline({ settings, measures: { before, after }, milliseconds, tuned }: ForgettingReport, names: readonly string[]): string {
  if (settings.classes.length === 0) {
    return `Fine-tuned for ${tuned?.epochs ?? 0} epochs: ${share(after.retain)} right (${pointsBetween(before.retain, after.retain)} points against the intact network), ${seconds(milliseconds / 1000)}`;
  }
  const classes = listed(settings.classes, names);
  const figures = `${share(after.forget)} forget, ${share(after.retain)} retain (${pointsBetween(before.retain, after.retain)} points), ${seconds(milliseconds / 1000)}`;
  if (after.forget === undefined) return `No test picture shows ${classes}: ${share(after.retain)} retain (${pointsBetween(before.retain, after.retain)} points)`;
  return `The network ${after.forget <= GOAL ? 'no longer' : 'still'} knows ${classes}: ${figures}`;
}

export interface Destination {
  readonly class: number;
  /** Share of the forgotten classes' pictures that are put in it. */
  readonly before: number;
  readonly after: number;
}

/** Where the forgotten classes' pictures go: every class that gets any, the one that now gets most first. */
export function destinations({ settings: { classes }, measures: { before, after } }: ForgettingReport): readonly Destination[] {
  const [was, is] = [before, after].map((knowledge) => sharesOf(knowledge, classes));
  return was
    .map((share, c) => ({ class: c, before: share, after: is[c] }))
    .filter((one) => one.before > 0 || one.after > 0)
    .sort((a, b) => b.after - a.after || b.before - a.before || a.class - b.class);
}

function sharesOf({ confusion }: Knowledge, classes: readonly number[]): number[] {
  const total = classes.reduce((sum, c) => sum + confusion[c].reduce((row, count) => row + count, 0), 0);
  return confusion.map((_, to) => (total === 0 ? 0 : classes.reduce((sum, c) => sum + confusion[c][to], 0) / total));
}

export function destinationsTitle(report: ForgettingReport, names: readonly string[]): string {
  const [first, second] = destinations(report).filter(({ after }) => after > 0);
  const classes = listed(report.settings.classes, names);
  if (!first) return `No test picture shows ${classes}`;
  const more = second ? `, ${percent(second.after, 0)} for “${names[second.class]}”` : '';
  return `${classes} is now taken for “${names[first.class]}” (${percent(first.after, 0)}${more})`;
}

/** How often a class that stays is mistaken now for what it was not before: the row that lost most. */
export function confusionTitle({ settings: { classes }, measures: { before, after } }: ForgettingReport, names: readonly string[]): string {
  const rows = before.confusion.flatMap((row, c) => {
    const total = row.reduce((sum, count) => sum + count, 0);
    return classes.includes(c) || total === 0 ? [] : [{ c, lost: (row[c] - after.confusion[c][c]) / total }];
  });
  const worst = rows.toSorted((a, b) => b.lost - a.lost).at(0);
  if (!worst) return 'What each class is taken for';
  if (worst.lost <= 0) return 'No class that stays is known worse than before';
  return `Of the classes that stay “${names[worst.c]}” loses most: ${(100 * worst.lost).toFixed(1)} points`;
}

/** How much of the class is still in the features, in plain words. */
export function depthTitle({ settings, recoverability, headAlone }: ForgettingReport, names: readonly string[], retrained?: number): string {
  const classes = listed(settings.classes, names);
  if (!recoverability) return 'How deep the forgetting goes could not be measured here';
  const { before, after } = recoverability;
  const reference = retrained === undefined ? '' : `, ${percent(retrained, 0)} on a network that never saw it`;
  if (headAlone) return `Only the last layer was edited: a probe regains ${percent(after, 0)} of ${classes} (${percent(before, 0)} before${reference})`;
  return `A probe regains ${percent(after, 0)} of ${classes} from the features (${percent(before, 0)} before${reference})`;
}

/** How much was tried, and what for. */
export function trialsTitle(trials: ForgettingReport['trials']): string {
  const last = trials.at(-1);
  if (!last || trials.length < 2) return 'Forget and retain by the share removed';
  const reached = trials.find(({ share: removed, forget }) => removed > 0 && forget <= GOAL) ?? (last.forget <= GOAL ? last : undefined);
  if (reached) return `${percent(reached.share, 0)} of the channels removed is enough: ${percent(reached.forget)} of the forget pictures are still known`;
  const best = trials.reduce((a, b) => (b.forget < a.forget ? b : a));
  return `Not forgotten yet: at best ${percent(best.forget)} of the forget pictures, with ${percent(best.share, 0)} removed`;
}
