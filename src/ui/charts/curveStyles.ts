import type { CurveKey } from '../../lab/searchCurves.ts';

export interface CurveStyle {
  readonly colour: string;
  readonly width: number;
  readonly dashes?: string;
  /** Where its name begins, as a share of the width, and on which side of the line. */
  readonly from: number;
  readonly side: 'above' | 'below';
}

/** Told apart by colour and by dashes. */
export const CURVE_STYLES: Readonly<Record<CurveKey, CurveStyle>> = {
  method: { colour: 'var(--ink)', width: 2, dashes: '7 2', from: 0.16, side: 'above' },
  leastSquares: { colour: 'var(--series-1)', width: 2.5, from: 0.06, side: 'above' },
  exact: { colour: 'var(--series-5)', width: 2, dashes: '1.5 2.5', from: 0.4, side: 'above' },
  greedy: { colour: 'var(--series-3)', width: 1.6, dashes: '5 3', from: 0.5, side: 'above' },
  backward: { colour: 'var(--series-4)', width: 1.6, dashes: '9 3 2 3', from: 0.61, side: 'above' },
  scale: { colour: 'var(--series-2)', width: 2, from: 0.36, side: 'below' },
  best: { colour: 'var(--series-6)', width: 1.2, dashes: '2 2', from: 0.7, side: 'below' },
  median: { colour: 'var(--series-6)', width: 1.2, from: 0.16, side: 'below' },
};
