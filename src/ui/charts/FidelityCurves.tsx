import { memo, useMemo } from 'react';
import { Area, CartesianGrid, ComposedChart, Line, Tooltip, XAxis, YAxis } from 'recharts';
import type { GroupDetail } from '../../workers/protocol.ts';
import type { Size } from '../controls/useSize.ts';
import { TOOLTIP } from './tooltipStyle.ts';

interface FidelityCurvesProps {
  readonly size: Size;
  readonly scale: readonly number[];
  readonly leastSquares: readonly number[];
  readonly detail?: GroupDetail;
}

export const MARGIN = { top: 16, right: 14, bottom: 4, left: 0 } as const;
export const AXIS_WIDTH = 44;
export const AXIS_HEIGHT = 24;

/** The curves alone: they are drawn again only when the statistics change, not while a budget moves. */
export const FidelityCurves = memo(function FidelityCurves({ size, scale, leastSquares, detail }: FidelityCurvesProps) {
  const n = scale.length;
  const rows = useMemo(() => chartRows(scale, leastSquares, detail), [scale, leastSquares, detail]);
  // Recharts works an axis out again whenever one of its props is a new object.
  const domain = useMemo((): [number, number] => [0, n], [n]);
  const marks = useMemo(() => ticks(n), [n]);
  const heading = useMemo(() => (k: unknown) => `${Number(k)} of ${n} channels`, [n]);
  return (
    <ComposedChart width={size.width} height={size.height} data={rows} margin={MARGIN} accessibilityLayer={false}>
      <CartesianGrid vertical={false} stroke="var(--line)" />
      <XAxis dataKey="k" type="number" domain={domain} ticks={marks} height={AXIS_HEIGHT} tickLine={false} axisLine={false} />
      <YAxis domain={UNIT} ticks={QUARTERS} tickFormatter={twoDigits} width={AXIS_WIDTH} tickLine={false} axisLine={false} />
      {detail && <Area dataKey="band" name={`${detail.band.permutations} random orders, 5–95 %`} stroke="none" fill="var(--edge)" fillOpacity={0.2} isAnimationActive={false} activeDot={false} />}
      {detail && <Line dataKey="greedy" name="greedy + scale" stroke="var(--series-3)" strokeWidth={1.6} strokeDasharray="5 3" dot={false} isAnimationActive={false} />}
      <Line dataKey="scale" name="singleton + scale" stroke="var(--series-2)" strokeWidth={2} dot={false} isAnimationActive={false} />
      {leastSquares.length > 0 && <Line dataKey="leastSquares" name="singleton + least squares" stroke="var(--series-1)" strokeWidth={2.5} dot={false} isAnimationActive={false} />}
      <Tooltip isAnimationActive={false} labelFormatter={heading} formatter={readable} contentStyle={TOOLTIP} />
    </ComposedChart>
  );
});

const UNIT: [number, number] = [0, 1];
const QUARTERS = [0, 0.25, 0.5, 0.75, 1];

function twoDigits(value: number): string {
  return value.toFixed(2);
}

function chartRows(scale: readonly number[], leastSquares: readonly number[], detail: GroupDetail | undefined) {
  return Array.from({ length: scale.length + 1 }, (_, k) => ({
    k,
    scale: at(scale, k),
    leastSquares: at(leastSquares, k),
    greedy: detail && at(detail.greedy, k),
    band: detail ? [at(detail.band.low, k), at(detail.band.high, k)] : undefined,
  }));
}

function at(curve: readonly number[], k: number): number | undefined {
  if (k === 0) return curve.length > 0 ? 0 : undefined;
  return curve[k - 1];
}

function ticks(n: number): readonly number[] {
  const step = [1, 2, 4, 8, 16, 32, 64, 128, 256].find((candidate) => n / candidate <= 8) ?? 512;
  return Array.from({ length: Math.floor(n / step) + 1 }, (_, i) => i * step);
}

function readable(value: unknown): string {
  if (Array.isArray(value)) return value.map((end) => Number(end).toFixed(3)).join(' – ');
  return Number(value).toFixed(3);
}
