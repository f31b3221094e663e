import type { PlotAxis } from '../axes.ts';

export function wholePercent(share: number): string {
  return `${Math.round(100 * share)}\u00a0%`;
}

/** From none to all. */
export const SHARES: PlotAxis = { from: 0, to: 1, ticks: [0, 0.25, 0.5, 0.75, 1], format: wholePercent };
