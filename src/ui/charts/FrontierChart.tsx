/* oxlint-disable jsx-a11y/prefer-tag-over-role -- a drawn chart is no img, and is one to a screen reader */
import { useMemo, useRef } from 'react';
import type { FrontierSeries, SeriesPoint } from '../../lab/frontier.ts';
import { drawn, MOST_DRAWN, type Measure } from '../../lab/measure.ts';
import type { OrderGap } from '../../lab/seriesAt.ts';
import { useSize } from '../controls/useSize.ts';
import { ratioAxis, shareAxis } from './axes.ts';
import { EndLabels, type EndLabel } from './EndLabels.tsx';
import { AXIS_HEIGHT, AXIS_WIDTH, FrontierLines, MARGIN } from './FrontierLines.tsx';
import { linearPlot, type Plot } from './plot.ts';

export interface FrontierChartProps {
  readonly label: string;
  readonly series: readonly FrontierSeries[];
  /** Keys of those that are coloured and named. */
  readonly strong: ReadonlySet<string>;
  /** Key of the one that a person chose. */
  readonly chosen?: string;
  /** Whether the series are named in a list beside the chart, so that they need not be where there is little room. */
  readonly listed: boolean;
  /** Between one-shot and sequential of the chosen one. */
  readonly gap?: OrderGap;
  readonly intact?: SeriesPoint;
  readonly current?: { readonly x: number; readonly value: number; readonly stale: boolean };
  readonly measure: Measure;
  readonly formatX: (x: number) => string;
  readonly colourOf: (series: FrontierSeries) => string;
}

const LETTER = 6.6;
/** Share of the width that names may take. */
const MOST_NAMES = 0.38;
const NAMELESS = 400;

/** What plans are judged by against what is left of the network; less is further right. */
export function FrontierChart({ label, series, strong, chosen, listed, gap, intact, current, measure, formatX, colourOf }: FrontierChartProps) {
  const holder = useRef<HTMLDivElement>(null);
  const size = useSize(holder);
  const values = [...series.flatMap(({ points }) => points.map(({ value }) => value)), ...[intact, current].flatMap((point) => point?.value ?? [])];
  // one and the same object as long as it holds the same values: what is drawn along it is drawn again with another
  const [lowest, highest] = [Math.min(...values), Math.max(...values)];
  const axis = useMemo(() => (measure.logarithmic ? ratioAxis([lowest, highest], MOST_DRAWN) : shareAxis), [measure, lowest, highest]);
  if (!size || size.width < 40 || size.height < 40) return <div ref={holder} className="chart" />;
  const narrow = size.width < 480;
  const coloured = series.filter(({ key }) => strong.has(key));
  const named = listed && size.width < NAMELESS ? [] : coloured.filter((entry) => !entry.precomputed || !coloured.some((other) => !other.precomputed && other.label === entry.label));
  const letters = Math.floor((MOST_NAMES * size.width) / LETTER);
  const nameOf = ({ label: name }: FrontierSeries) => shortened(narrow ? shortName(name) : name, letters);
  const right = named.length === 0 ? 16 : 22 + LETTER * Math.max(...named.map((entry) => nameOf(entry).length));
  const xs = [...series.flatMap(({ points }) => points.map(({ x }) => x)), ...(current ? [current.x] : [])];
  const whole = intact?.x ?? Math.max(1e-9, ...xs);
  const most = Math.max(whole, ...xs);
  const least = Math.max(0, Math.min(whole * 0.25, ...xs) - 0.01 * whole);
  const plot = linearPlot(
    { left: AXIS_WIDTH, right: size.width - right, top: MARGIN.top, bottom: size.height - AXIS_HEIGHT - MARGIN.bottom },
    { from: most, to: least },
    axis,
  );
  const labels = named.map((entry): EndLabel => {
    const last = entry.points[0];
    return { key: entry.key, text: nameOf(entry), colour: colourOf(entry), x: plot.x(last.x), y: plot.y(drawn(measure, last.value)), faint: entry.precomputed };
  });
  return (
    <div ref={holder} className="chart">
      <div role="img" aria-label={label} data-chart="frontier">
        <FrontierLines size={size} right={right} least={least} most={most} series={series} strong={strong} chosen={chosen} intact={intact} measure={measure} axis={axis} formatX={formatX} colourOf={colourOf} />
        <svg className="overlay" width={size.width} height={size.height}>
          {gap && <path className="order-gap" d={areaPath(gap, plot, measure)} fill="var(--accent)" fillOpacity={0.16} />}
          <EndLabels labels={labels} left={plot.right + 12} bottom={plot.bottom} />
          {current && <circle cx={plot.x(current.x)} cy={plot.y(drawn(measure, current.value))} r={7} fill="none" stroke={current.stale ? 'var(--edge)' : 'var(--ink)'} strokeWidth={2} strokeDasharray={current.stale ? '3 2' : undefined} />}
        </svg>
      </div>
    </div>
  );
}

/** For where there is little room beside the lines. */
function shortName(name: string): string {
  return name.replace('singleton + ', '+ ').replace('least squares', 'LS').replace('by theory', 'theory').replace('norms again', 'norms').replace(' behind ReLU', ' ReLU').replace('one-shot', '1-shot');
}

function shortened(name: string, letters: number): string {
  return name.length <= letters ? name : `${name.slice(0, letters - 1)}…`;
}

/** Along the sequential series and back along the one-shot one. */
function areaPath({ points }: OrderGap, plot: Plot, measure: Measure): string {
  const there = points.map(({ x, sequential }) => `${plot.x(x)},${plot.y(drawn(measure, sequential))}`);
  const back = points.map(({ x, oneShot }) => `${plot.x(x)},${plot.y(drawn(measure, oneShot))}`).reverse();
  return `M${[...there, ...back].join('L')}Z`;
}
