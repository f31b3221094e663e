/** An axis in the units that are plotted: for a logarithmic one those are powers of ten. */
export interface PlotAxis {
  /** At the left, or at the bottom. */
  readonly from: number;
  readonly to: number;
  readonly ticks: readonly number[];
  readonly format: (value: number) => string;
}

const MOST_TICKS = 6;

/**
 * An axis of powers of ten that holds all positive values: in whole decades, at least one. Over
 * many of them not each has a tick; over a single one 2 and 5 have theirs too.
 */
export function logAxis(values: readonly number[]): PlotAxis {
  const positive = values.filter((value) => value > 0 && Number.isFinite(value));
  if (positive.length === 0) return { from: 0, to: 1, ticks: [0, 1], format: powerLabel };
  const from = Math.floor(Math.log10(Math.min(...positive)) + 1e-9);
  const to = Math.max(from + 1, Math.ceil(Math.log10(Math.max(...positive)) - 1e-9));
  const step = Math.ceil((to - from) / MOST_TICKS);
  const ticks = Array.from({ length: Math.floor((to - from) / step) + 1 }, (_, i) => from + i * step);
  const between = to - from === 1 ? [from + Math.log10(2), from + Math.log10(5)] : [];
  return { from, to, ticks: [...ticks, ...between].sort((a, b) => a - b), format: powerLabel };
}

/** An axis from 0, or `least`, to a round number above all values, in round steps. */
export function linearAxis(values: readonly number[], format: (value: number) => string, least = 0): PlotAxis {
  const most = Math.max(least, ...values.filter(Number.isFinite));
  const span = most - least || 1;
  const rough = span / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 2.5, 5].find((factor) => factor * power >= rough * (1 - 1e-9)) ?? 10);
  const count = Math.ceil(span / step - 1e-9);
  return { from: least, to: least + count * step, ticks: Array.from({ length: count + 1 }, (_, i) => Number((least + i * step).toPrecision(12))), format };
}

const SUPERSCRIPTS = '⁰¹²³⁴⁵⁶⁷⁸⁹';

/** A number by its logarithm: plain from a thousandth to a thousand, else as a power of ten. */
export function powerLabel(exponent: number): string {
  const value = 10 ** exponent;
  if (exponent >= -3 - 1e-9 && exponent <= 3 + 1e-9) return String(Number(value.toPrecision(2)));
  const whole = Math.floor(exponent + 1e-9);
  const factor = Math.round(10 ** (exponent - whole));
  const digits = String(Math.abs(whole)).replaceAll(/\d/g, (digit) => SUPERSCRIPTS[Number(digit)]);
  return `${factor === 1 ? '' : `${factor}·`}10${whole < 0 ? '⁻' : ''}${digits}`;
}
