import { memo, useMemo } from 'react';
import { CartesianGrid, Line, LineChart, Tooltip, XAxis, YAxis } from 'recharts';
import type { FrontierSeries, SeriesPoint } from '../../lab/frontier.ts';
import { drawn, type Measure } from '../../lab/measure.ts';
import type { Size } from '../controls/useSize.ts';
import type { PlotAxis } from './axes.ts';
import { TOOLTIP } from './tooltipStyle.ts';

interface FrontierLinesProps {
  readonly size: Size;
  /** Room for the names at the right. */
  readonly right: number;
  readonly least: number;
  readonly most: number;
  readonly series: readonly FrontierSeries[];
  readonly strong: ReadonlySet<string>;
  readonly chosen?: string;
  readonly intact?: SeriesPoint;
  readonly measure: Measure;
  /** Of the measure's drawn values. */
  readonly axis: PlotAxis;
  readonly formatX: (x: number) => string;
  readonly colourOf: (series: FrontierSeries) => string;
}

export const AXIS_WIDTH = 44;
export const AXIS_HEIGHT = 24;
export const MARGIN = { top: 12, bottom: 4 } as const;

/** The series alone: they are drawn again only when one of them changes. */
export const FrontierLines = memo(function FrontierLines({ size, right, least, most, series, strong, chosen, intact, measure, axis, formatX, colourOf }: FrontierLinesProps) {
  // Recharts works an axis out again whenever one of its props is a new object.
  const rows = useMemo(() => chartRows(series, intact, measure), [series, intact, measure]);
  const margin = useMemo(() => ({ ...MARGIN, right, left: 0 }), [right]);
  const domain = useMemo((): [number, number] => [least, most], [least, most]);
  const whole = intact?.x ?? most;
  const marks = useMemo(() => ticks(least, most, whole), [least, most, whole]);
  const range = useMemo((): [number, number] => [axis.from, axis.to], [axis]);
  const heading = useMemo(() => (x: unknown) => formatX(Number(x)), [formatX]);
  const exact = useMemo(() => (value: unknown) => measure.write(measure.logarithmic ? 10 ** Number(value) : Number(value)), [measure]);
  return (
    <LineChart width={size.width} height={size.height} data={rows} margin={margin} accessibilityLayer={false}>
      <CartesianGrid vertical={false} stroke="var(--line)" />
      <XAxis dataKey="x" type="number" domain={domain} reversed ticks={marks} tickFormatter={formatX} height={AXIS_HEIGHT} tickLine={false} axisLine={false} />
      <YAxis domain={range} ticks={axis.ticks} tickFormatter={axis.format} allowDataOverflow width={AXIS_WIDTH} tickLine={false} axisLine={false} />
      {/* what stands out is drawn over the rest */}
      {series.filter(({ key }) => !strong.has(key)).map((entry) => (
        <Line key={entry.key} dataKey={entry.key} stroke="var(--edge)" strokeOpacity={0.45} strokeWidth={1} strokeDasharray={dashes(entry)} dot={false} activeDot={false} tooltipType="none" connectNulls isAnimationActive={false} />
      ))}
      {series.filter(({ key }) => strong.has(key)).map((entry) => {
        const colour = colourOf(entry);
        return (
          <Line
            key={entry.key}
            dataKey={entry.key}
            name={entry.precomputed ? `${entry.label} (precomputed)` : entry.label}
            stroke={colour}
            strokeWidth={(entry.precomputed ? 1.5 : 2.2) + (entry.key === chosen ? 1.2 : 0)}
            strokeDasharray={dashes(entry)}
            dot={{ r: entry.precomputed ? 2.2 : 3, fill: entry.precomputed ? 'var(--card)' : colour, stroke: colour, strokeWidth: 1.2, strokeDasharray: 'none' }}
            connectNulls
            isAnimationActive={false}
          />
        );
      })}
      {intact && <Line dataKey="intact" name="intact" stroke="none" dot={{ r: 3, fill: 'var(--ink)', stroke: 'none' }} isAnimationActive={false} />}
      <Tooltip isAnimationActive={false} labelFormatter={heading} formatter={exact} contentStyle={TOOLTIP} />
    </LineChart>
  );
});

/** Dashed where precomputed, dotted where one-shot. */
function dashes({ precomputed, method }: FrontierSeries): string | undefined {
  if (method?.order === 'oneShot' && method.compensate !== 'none') return precomputed ? '5 3 1.5 3' : '1.5 3';
  return precomputed ? '5 4' : undefined;
}

type Row = { readonly x: number } & Readonly<Record<string, number>>;

/** One row for each x, with the series that have a point there; all series start at the intact network. */
function chartRows(series: readonly FrontierSeries[], intact: SeriesPoint | undefined, measure: Measure): readonly Row[] {
  const rows = new Map<number, Record<string, number>>(intact ? [[intact.x, { intact: drawn(measure, intact.value) }]] : []);
  const add = (key: string, { x, value }: SeriesPoint) => rows.set(x, { ...rows.get(x), [key]: drawn(measure, value) });
  for (const { key, points } of series) {
    for (const point of points) add(key, point);
    if (intact && points.every(({ x }) => x < intact.x)) add(key, intact);
  }
  return [...rows].map(([x, values]) => ({ ...values, x })).sort((a, b) => b.x - a.x);
}

function ticks(low: number, high: number, whole: number): readonly number[] {
  return [1, 0.8, 0.6, 0.4, 0.2, 0].map((share) => share * whole).filter((tick) => tick >= low && tick <= high);
}
