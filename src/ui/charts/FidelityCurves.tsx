import { memo, useMemo } from 'react';
import { Area, CartesianGrid, ComposedChart, Line, Tooltip, XAxis, YAxis } from 'recharts';
import type { SearchCurve } from '../../lab/searchCurves.ts';
import type { Band } from '../../workers/protocol.ts';
import type { Size } from '../controls/useSize.ts';
import { CURVE_STYLES } from './curveStyles.ts';
import { TOOLTIP } from './tooltipStyle.ts';

interface FidelityCurvesProps {
  readonly size: Size;
  readonly curves: readonly SearchCurve[];
  readonly band?: Band;
}

export const MARGIN = { top: 16, right: 14, bottom: 4, left: 0 } as const;
export const AXIS_WIDTH = 44;
export const AXIS_HEIGHT = 24;

/** The curves alone: they are drawn again only when the statistics change, not while a budget moves. */
export const FidelityCurves = memo(function FidelityCurves({ size, curves, band }: FidelityCurvesProps) {
  const n = Math.max(1, ...curves.map(({ curve }) => curve.length));
  const rows = useMemo(() => chartRows(n, curves, band), [n, curves, band]);
  // Recharts works an axis out again whenever one of its props is a new object.
  const domain = useMemo((): [number, number] => [0, n], [n]);
  const marks = useMemo(() => ticks(n), [n]);
  const heading = useMemo(() => (k: unknown) => `${Number(k)} of ${n} channels`, [n]);
  return (
    <ComposedChart width={size.width} height={size.height} data={rows} margin={MARGIN} accessibilityLayer={false}>
      <CartesianGrid vertical={false} stroke="var(--line)" />
      <XAxis dataKey="k" type="number" domain={domain} ticks={marks} height={AXIS_HEIGHT} tickLine={false} axisLine={false} />
      <YAxis domain={UNIT} ticks={QUARTERS} tickFormatter={twoDigits} width={AXIS_WIDTH} tickLine={false} axisLine={false} />
      {band && <Area dataKey="band" name={`${band.permutations} random orders, 5–95 %`} stroke="none" fill="var(--edge)" fillOpacity={0.2} isAnimationActive={false} activeDot={false} />}
      {curves.toReversed().map(({ key, label }) => {
        const { colour, width, dashes } = CURVE_STYLES[key];
        return <Line key={key} dataKey={key} name={label} stroke={colour} strokeWidth={width} strokeDasharray={dashes} dot={false} isAnimationActive={false} />;
      })}
      <Tooltip isAnimationActive={false} labelFormatter={heading} formatter={readable} contentStyle={TOOLTIP} />
    </ComposedChart>
  );
});

const UNIT: [number, number] = [0, 1];
const QUARTERS = [0, 0.25, 0.5, 0.75, 1];

function twoDigits(value: number): string {
  return value.toFixed(2);
}

function chartRows(n: number, curves: readonly SearchCurve[], band: Band | undefined) {
  return Array.from({ length: n + 1 }, (_, k) => ({
    k,
    ...Object.fromEntries(curves.map(({ key, curve }) => [key, at(curve, k)])),
    band: band ? [at(band.low, k), at(band.high, k)] : undefined,
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
