import type { ReactNode } from 'react';
import { CartesianGrid, Scatter, ScatterChart, Tooltip, XAxis, YAxis } from 'recharts';
import type { Size } from '../../controls/useSize.ts';
import type { PlotAxis } from '../axes.ts';
import { linearPlot, type Plot } from '../plot.ts';
import { TOOLTIP } from '../tooltipStyle.ts';

export interface ScatterPoint {
  readonly x: number;
  readonly y: number;
  /** What it is and what it says, a line each. */
  readonly lines: readonly string[];
}

export interface ScatterSeries {
  readonly key: string;
  readonly colour: string;
  readonly hollow?: boolean;
  readonly points: readonly ScatterPoint[];
}

interface ScatterPlotProps {
  readonly size: Size;
  readonly x: PlotAxis;
  readonly y: PlotAxis;
  readonly axisWidth?: number;
  readonly series: readonly ScatterSeries[];
  /** Drawn over the dots. */
  readonly renderOverlay?: (plot: Plot) => ReactNode;
}

/** Room for the axes' names above and below, and for half a dot. */
const MARGIN = { top: 16, right: 18, bottom: 16, left: 0 } as const;
const AXIS_HEIGHT = 24;

/** Dots in a plane. */
export function ScatterPlot({ size, x, y, axisWidth = 48, series, renderOverlay }: ScatterPlotProps) {
  const plot = linearPlot({ left: axisWidth, right: size.width - MARGIN.right, top: MARGIN.top, bottom: size.height - AXIS_HEIGHT - MARGIN.bottom }, x, y);
  return (
    <>
      <ScatterChart width={size.width} height={size.height} margin={MARGIN} accessibilityLayer={false}>
        <CartesianGrid stroke="var(--line)" />
        <XAxis dataKey="x" type="number" {...axisProps(x)} interval="equidistantPreserveStart" height={AXIS_HEIGHT} tickLine={false} axisLine={false} />
        <YAxis dataKey="y" type="number" {...axisProps(y)} interval={0} width={axisWidth} tickLine={false} axisLine={false} />
        {series.map(({ key, colour, hollow = false, points }) => (
          <Scatter
            key={key}
            name={key}
            data={[...points]}
            fill={colour}
            isAnimationActive={false}
            shape={hollow ? Ring : Dot}
          />
        ))}
        <Tooltip isAnimationActive={false} content={PointText} />
      </ScatterChart>
      {renderOverlay && (
        <svg className="overlay" width={size.width} height={size.height}>
          {renderOverlay(plot)}
        </svg>
      )}
    </>
  );
}

/** What Recharts needs of an axis. */
export function axisProps({ from, to, ticks, format }: PlotAxis) {
  return { domain: [Math.min(from, to), Math.max(from, to)] as [number, number], reversed: from > to, ticks, tickFormatter: format } as const;
}

/** What the axes measure, above and below the plot. */
export function AxisNames({ plot, x, y }: { readonly plot: Plot; readonly x: string; readonly y: string }) {
  return (
    <>
      <text className="axis-name" x={plot.right} y={plot.bottom + AXIS_HEIGHT + 11} textAnchor="end">
        {x} →
      </text>
      <text className="axis-name" x={plot.left + 4} y={plot.top - 4}>
        ↑ {y}
      </text>
    </>
  );
}

interface MarkProps {
  readonly cx?: number;
  readonly cy?: number;
  readonly fill?: string;
}

function Dot({ cx, cy, fill }: MarkProps) {
  return <circle cx={cx} cy={cy} r={3.4} fill={fill} fillOpacity={0.75} stroke={fill} strokeWidth={0.8} />;
}

function Ring({ cx, cy, fill }: MarkProps) {
  return <circle cx={cx} cy={cy} r={5.2} fill="none" stroke={fill} strokeWidth={1.5} />;
}

function PointText({ payload }: { readonly payload?: readonly { readonly payload?: unknown }[] }) {
  const point = payload?.[0]?.payload as ScatterPoint | undefined;
  if (!point) return null;
  return (
    <div style={TOOLTIP}>
      {point.lines.map((line) => (
        <div key={line}>{line}</div>
      ))}
    </div>
  );
}
