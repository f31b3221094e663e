/* oxlint-disable jsx-a11y/prefer-tag-over-role -- a drawn chart is no img, and is one to a screen reader */
import { memo, useRef } from 'react';
import { CartesianGrid, LineChart, Line, ReferenceDot, Tooltip, XAxis, YAxis } from 'recharts';
import type { FrontierSeries, SeriesPoint } from '../../lab/frontier.ts';
import { useSize } from '../controls/useSize.ts';
import { EndLabels, type EndLabel } from './EndLabels.tsx';
import { TOOLTIP } from './tooltipStyle.ts';

export interface FrontierChartProps {
  readonly label: string;
  readonly series: readonly FrontierSeries[];
  readonly intact?: SeriesPoint;
  readonly current?: { readonly x: number; readonly accuracy: number; readonly stale: boolean };
  readonly formatX: (x: number) => string;
  readonly colourOf: (series: FrontierSeries) => string;
}

const AXIS_WIDTH = 44;
const AXIS_HEIGHT = 24;
const TOP = 12;

/** Test accuracy against what is left of the network; less is further right. */
export const FrontierChart = memo(function FrontierChart({ label, series, intact, current, formatX, colourOf }: FrontierChartProps) {
  const holder = useRef<HTMLDivElement>(null);
  const size = useSize(holder);
  const narrow = (size?.width ?? 0) < 480;
  const right = narrow ? 112 : 172;
  const rows = chartRows(series, intact);
  const xs = [...rows.map(({ x }) => x), ...(current ? [current.x] : [])];
  const most = intact?.x ?? Math.max(1e-9, ...xs);
  const least = Math.min(most * 0.9, ...xs);
  const domain: [number, number] = [Math.max(0, least - 0.02 * most), Math.max(most, ...xs)];
  const labels = series.map((entry): EndLabel => {
    const last = entry.points[0];
    return { key: entry.key, text: narrow ? entry.label.replace('least squares', 'LS') : entry.label, colour: colourOf(entry), x: last.x, y: last.accuracy, faint: entry.precomputed };
  });

  return (
    <div ref={holder} className="chart">
      {size && size.width > 40 && size.height > 40 && (
        <div role="img" aria-label={label} data-chart="frontier">
          <LineChart width={size.width} height={size.height} data={rows} margin={{ top: TOP, right, bottom: 4, left: 0 }} accessibilityLayer={false}>
            <CartesianGrid vertical={false} stroke="var(--line)" />
            <XAxis dataKey="x" type="number" domain={domain} reversed ticks={ticks(domain, most)} tickFormatter={formatX} height={AXIS_HEIGHT} tickLine={false} axisLine={false} />
            <YAxis domain={[0, 1]} ticks={[0, 0.25, 0.5, 0.75, 1]} tickFormatter={(value: number) => `${Math.round(value * 100)} %`} width={AXIS_WIDTH} tickLine={false} axisLine={false} />
            {series.map((entry) => {
              const colour = colourOf(entry);
              return (
                <Line
                  key={entry.key}
                  dataKey={entry.key}
                  name={entry.precomputed ? `${entry.label} (precomputed)` : entry.label}
                  stroke={colour}
                  strokeWidth={entry.precomputed ? 1.5 : 2.2}
                  strokeDasharray={entry.precomputed ? '5 4' : undefined}
                  dot={{ r: entry.precomputed ? 2.2 : 3, fill: entry.precomputed ? 'var(--card)' : colour, stroke: colour, strokeWidth: 1.2, strokeDasharray: 'none' }}
                  connectNulls
                  isAnimationActive={false}
                />
              );
            })}
            {intact && <Line dataKey="intact" name="intact" stroke="none" dot={{ r: 3, fill: 'var(--ink)', stroke: 'none' }} isAnimationActive={false} />}
            {current && <ReferenceDot x={current.x} y={current.accuracy} r={7} fill="none" stroke={current.stale ? 'var(--edge)' : 'var(--ink)'} strokeWidth={2} strokeDasharray={current.stale ? '3 2' : undefined} />}
            <EndLabels labels={labels} left={size.width - right + 12} bottom={size.height - AXIS_HEIGHT - 4} />
            <Tooltip isAnimationActive={false} labelFormatter={(x) => formatX(Number(x))} formatter={(value) => `${(100 * Number(value)).toFixed(1)} %`} contentStyle={TOOLTIP} />
          </LineChart>
        </div>
      )}
    </div>
  );
});

type Row = { readonly x: number } & Readonly<Record<string, number>>;

/** One row for each x, with the series that have a point there; all series start at the intact network. */
function chartRows(series: readonly FrontierSeries[], intact: SeriesPoint | undefined): readonly Row[] {
  const rows = new Map<number, Record<string, number>>(intact ? [[intact.x, { intact: intact.accuracy }]] : []);
  const add = (key: string, { x, accuracy }: SeriesPoint) => rows.set(x, { ...rows.get(x), [key]: accuracy });
  for (const { key, points } of series) {
    for (const point of points) add(key, point);
    if (intact && points.every(({ x }) => x < intact.x)) add(key, intact);
  }
  return [...rows].map(([x, values]) => ({ ...values, x })).sort((a, b) => b.x - a.x);
}

function ticks([low, high]: readonly [number, number], whole: number): readonly number[] {
  const shares = [1, 0.8, 0.6, 0.4, 0.2, 0];
  return shares.map((share) => share * whole).filter((tick) => tick >= low && tick <= high);
}
