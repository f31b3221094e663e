import { percent, perplexity } from './format.ts';
import type { Yardstick } from './yardstick.ts';

/** How the numbers that plans are judged by are compared, drawn and written. */
export interface Measure {
  readonly yardstick: Yardstick;
  /** Begins a sentence. */
  readonly label: string;
  /** For the head of a narrow column. */
  readonly short: string;
  readonly lowerIsBetter: boolean;
  /** Drawn by its logarithm: what counts are ratios, and a ruined network's number is beyond all bounds. */
  readonly logarithmic: boolean;
  readonly write: (value: number) => string;
}

export const MEASURES: Readonly<Record<Yardstick, Measure>> = {
  accuracy: { yardstick: 'accuracy', label: 'Test accuracy', short: 'acc.', lowerIsBetter: false, logarithmic: false, write: percent },
  agreement: { yardstick: 'agreement', label: 'Agreement with the intact network', short: 'agr.', lowerIsBetter: false, logarithmic: false, write: percent },
  perplexity: { yardstick: 'perplexity', label: 'Perplexity', short: 'ppl.', lowerIsBetter: true, logarithmic: true, write: perplexity },
};

/** Where perplexity is cut off on an axis: far beyond that of guessing. */
export const MOST_DRAWN = 1e6;

/** The value in the units of its axis. */
export function drawn({ logarithmic }: Measure, value: number): number {
  return logarithmic ? Math.log10(Math.min(MOST_DRAWN, value)) : value;
}

/** By how much the first is better than the second, in units of the axis. */
export function gain(measure: Measure, value: number, other: number): number {
  const more = drawn(measure, value) - drawn(measure, other);
  return measure.lowerIsBetter ? -more : more;
}

/** On the straight line that an axis has between two values, `share` of the way. */
export function between({ logarithmic }: Measure, low: number, high: number, share: number): number {
  return logarithmic ? low * (high / low) ** share : low + share * (high - low);
}
