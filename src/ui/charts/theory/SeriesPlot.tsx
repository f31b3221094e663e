import { Area, CartesianGrid, ComposedChart, Line, Tooltip, XAxis, YAxis } from 'recharts';
import type { Size } from '../../controls/useSize.ts';
import type { PlotAxis } from '../axes.ts';
import { EndLabels } from '../EndLabels.tsx';
import { linearPlot } from '../plot.ts';
import { TOOLTIP } from '../tooltipStyle.ts';
import { axisProps } from './ScatterPlot.tsx';

export interface PlotSeries {
  readonly key: string;
  readonly label: string;
  readonly colour: string;
  readonly dashes?: string;
  /** Without dots: a level, not a measurement. */
  readonly plain?: boolean;
  readonly points: readonly { readonly x: number; readonly y: number }[];
}

interface SeriesPlotProps {
  readonly size: Size;
  readonly x: PlotAxis;
  readonly y: PlotAxis;
  readonly series: readonly PlotSeries[];
  /** A band between two values of y at each x. */
  readonly area?: { readonly label: string; readonly points: readonly { readonly x: number; readonly low: number; readonly high: number }[] };
  /** What an x is, in words. */
  readonly heading: (x: number) => string;
  /** A value as it is read. */
  readonly value: (y: number) => string;
}

const MARGIN = { top: 16, bottom: 4, left: 0 } as const;
const AXIS_WIDTH = 48;
const AXIS_HEIGHT = 24;
const LETTER = 6.6;

/** Lines over a common axis, each named at its right end. */
export function SeriesPlot({ size, x, y, series, area, heading, value }: SeriesPlotProps) {
  const right = 26 + LETTER * Math.max(4, ...series.map(({ label }) => label.length));
  const plot = linearPlot({ left: AXIS_WIDTH, right: size.width - right, top: MARGIN.top, bottom: size.height - AXIS_HEIGHT - MARGIN.bottom }, x, y);
  const named = series.flatMap(({ key, label, colour, points }) => {
    const last = points.reduce<(typeof points)[number] | undefined>((end, point) => (end && plot.x(end.x) >= plot.x(point.x) ? end : point), undefined);
    return last ? [{ key, text: label, colour, x: plot.x(last.x), y: plot.y(last.y), faint: false }] : [];
  });
  return (
    <>
      <ComposedChart width={size.width} height={size.height} data={chartRows(series, area?.points ?? [])} margin={{ ...MARGIN, right }} accessibilityLayer={false}>
        <CartesianGrid vertical={false} stroke="var(--line)" />
        <XAxis dataKey="x" type="number" {...axisProps(x)} interval="equidistantPreserveStart" height={AXIS_HEIGHT} tickLine={false} axisLine={false} />
        <YAxis type="number" {...axisProps(y)} interval={0} width={AXIS_WIDTH} tickLine={false} axisLine={false} />
        {area && <Area dataKey="band" name={area.label} stroke="none" fill="var(--series-1)" fillOpacity={0.14} isAnimationActive={false} activeDot={false} />}
        {series.map(({ key, label, colour, dashes, plain = false }) => (
          <Line
            key={key}
            dataKey={key}
            name={label}
            stroke={colour}
            strokeWidth={plain ? 1.3 : 2}
            strokeDasharray={dashes}
            dot={plain ? false : { r: 2.6, fill: colour, stroke: colour, strokeDasharray: 'none' }}
            connectNulls
            isAnimationActive={false}
          />
        ))}
        <Tooltip isAnimationActive={false} labelFormatter={(at: unknown) => heading(Number(at))} formatter={(shown: unknown) => (Array.isArray(shown) ? shown.map((end) => value(Number(end))).join(' – ') : value(Number(shown)))} contentStyle={TOOLTIP} />
      </ComposedChart>
      <svg className="overlay" width={size.width} height={size.height}>
        <EndLabels labels={named} left={plot.right + 14} bottom={plot.bottom} />
      </svg>
    </>
  );
}

/** One row for each x, with the series that have a point there. */
function chartRows(series: readonly PlotSeries[], area: readonly { readonly x: number; readonly low: number; readonly high: number }[]) {
  const rows = new Map<number, Record<string, number | readonly number[]>>();
  for (const { key, points } of series) for (const { x, y } of points) rows.set(x, { ...rows.get(x), [key]: y });
  for (const { x, low, high } of area) rows.set(x, { ...rows.get(x), band: [low, high] });
  return [...rows].map(([x, values]) => ({ ...values, x })).sort((a, b) => a.x - b.x);
}
