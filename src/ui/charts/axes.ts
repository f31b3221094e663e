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

/** Shares in quarters, from none to all. */
export const shareAxis: PlotAxis = { from: 0, to: 1, ticks: [0, 0.25, 0.5, 0.75, 1], format: (value) => `${Math.round(value * 100)}\u00a0%` };

const FINE = [[1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8], [1, 1.5, 2, 3, 5, 7], [1, 2, 5], [1]] as const;
const MOST_FINE = 7;
/** Else a change of a few per cent fills the whole axis. */
const LEAST_RATIO = 1.6;

/**
 * A logarithmic axis that ends close to its values, which are positive, at round numbers as fine as there is room for.
 * Values from `most` on are cut off there, and the axis says so.
 */
export function ratioAxis(values: readonly number[], most = Infinity): PlotAxis {
  const held = values.filter((value) => value > 0).map((value) => Math.min(value, most));
  const [low, high] = held.length === 0 ? [1, 10] : [Math.min(...held), Math.max(...held)];
  const span = Math.log10(Math.max(LEAST_RATIO, high / low));
  const [from, to] = [Math.log10(low) - 0.04 * span, Math.log10(low) + 1.06 * span];
  const decades = Array.from({ length: Math.ceil(to) - Math.floor(from) + 1 }, (_, i) => Math.floor(from) + i);
  const within = (factors: readonly number[]) => decades.flatMap((decade) => factors.map((factor) => decade + Math.log10(factor))).filter((tick) => tick >= from && tick <= to);
  const fine = FINE.map(within).find((ticks) => ticks.length <= MOST_FINE) ?? within([1]);
  const ticks = fine.filter((_, i) => i % Math.ceil(fine.length / MOST_FINE) === 0);
  const cut = Math.log10(most);
  const clipped = values.some((value) => value >= most);
  return { from, to, ticks: clipped && !ticks.some((tick) => Math.abs(tick - cut) < 1e-9) ? [...ticks, cut] : ticks, format: (tick) => (clipped && Math.abs(tick - cut) < 1e-9 ? `≥ ${powerLabel(tick)}` : plainLabel(tick)) };
}

function plainLabel(exponent: number): string {
  return exponent > -3 && exponent < 4 ? String(Number((10 ** exponent).toPrecision(2))) : powerLabel(exponent);
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
  const factor = Number((10 ** (exponent - whole)).toPrecision(2));
  const digits = String(Math.abs(whole)).replaceAll(/\d/g, (digit) => SUPERSCRIPTS[Number(digit)]);
  return `${factor === 1 ? '' : `${factor}·`}10${whole < 0 ? '⁻' : ''}${digits}`;
}
