/* oxlint-disable jsx-a11y/prefer-tag-over-role -- a drawn chart is no img, and is one to a screen reader */
import { memo, useRef } from 'react';
import { Area, CartesianGrid, ComposedChart, Line, ReferenceLine, Tooltip, XAxis, YAxis } from 'recharts';
import type { GroupDetail } from '../../workers/protocol.ts';
import { RangeSlider } from '../controls/RangeSlider.tsx';
import { useSize } from '../controls/useSize.ts';
import { TOOLTIP } from './tooltipStyle.ts';
import { CurveLabels, type CurveLabel } from './CurveLabels.tsx';

export interface FidelityChartProps {
  /** What the picture says, for those who do not see it. */
  readonly label: string;
  readonly group: string;
  readonly scale: readonly number[];
  /** Empty until all batches are in. */
  readonly leastSquares: readonly number[];
  readonly detail?: GroupDetail;
  /** Channels kept now. */
  readonly width?: number;
  /** Fidelity at that width. */
  readonly reached?: number;
  readonly onWidth: (width: number, final: boolean) => void;
}

const MARGIN = { top: 16, right: 14, bottom: 4, left: 0 } as const;
const AXIS_WIDTH = 44;
const AXIS_HEIGHT = 24;
const THUMB = 12;

/** Fidelity η of the best k channels against k, with the width in use as a handle to drag. */
export const FidelityChart = memo(function FidelityChart({ label, group, scale, leastSquares, detail, width, reached, onWidth }: FidelityChartProps) {
  const holder = useRef<HTMLDivElement>(null);
  const size = useSize(holder);
  const n = scale.length;
  const greedy = detail?.greedy ?? [];
  const rows = Array.from({ length: n + 1 }, (_, k) => ({
    k,
    scale: at(scale, k),
    leastSquares: at(leastSquares, k),
    greedy: at(greedy, k),
    band: detail ? [at(detail.band.low, k), at(detail.band.high, k)] : undefined,
  }));
  const labels: CurveLabel[] = [
    { text: 'singleton + least squares', colour: 'var(--series-1)', curve: from0(leastSquares), from: 0.1, side: 'above' },
    { text: 'greedy + scale', colour: 'var(--series-3)', curve: from0(greedy), from: 0.58, side: 'above' },
    { text: 'singleton + scale', colour: 'var(--series-2)', curve: from0(scale), from: 0.4, side: 'below' },
    { text: 'random subsets', colour: 'var(--mute)', curve: from0(detail?.band.low ?? []), from: 0.5, side: 'below' },
  ];
  const step = size ? (size.width - AXIS_WIDTH - MARGIN.right) / n : 0;

  return (
    <div ref={holder} className="chart">
      {size && size.width > 40 && size.height > 40 && (
        <>
          <div role="img" aria-label={label} data-chart="fidelity">
            <ComposedChart width={size.width} height={size.height} data={rows} margin={MARGIN} accessibilityLayer={false}>
              <CartesianGrid vertical={false} stroke="var(--line)" />
              <XAxis dataKey="k" type="number" domain={[0, n]} ticks={ticks(n)} height={AXIS_HEIGHT} tickLine={false} axisLine={false} />
              <YAxis domain={[0, 1]} ticks={[0, 0.25, 0.5, 0.75, 1]} tickFormatter={(value: number) => value.toFixed(2)} width={AXIS_WIDTH} tickLine={false} axisLine={false} />
              {detail && <Area dataKey="band" name={`${detail.band.permutations} random subsets, 5–95 %`} stroke="none" fill="var(--edge)" fillOpacity={0.2} isAnimationActive={false} activeDot={false} />}
              {greedy.length > 0 && <Line dataKey="greedy" name="greedy + scale" stroke="var(--series-3)" strokeWidth={1.6} strokeDasharray="5 3" dot={false} isAnimationActive={false} />}
              <Line dataKey="scale" name="singleton + scale" stroke="var(--series-2)" strokeWidth={2} dot={false} isAnimationActive={false} />
              {leastSquares.length > 0 && <Line dataKey="leastSquares" name="singleton + least squares" stroke="var(--series-1)" strokeWidth={2.5} dot={false} isAnimationActive={false} />}
              {width !== undefined && <ReferenceLine x={width} stroke="var(--ink)" strokeDasharray="3 3" />}
              <CurveLabels labels={labels} />
              {width !== undefined && reached !== undefined && <WidthLabel width={width} n={n} text={`keep ${width}: η = ${reached.toFixed(2)}`} plot={{ left: AXIS_WIDTH, step, bottom: size.height - AXIS_HEIGHT }} />}
              <Tooltip isAnimationActive={false} labelFormatter={(k) => `${Number(k)} of ${n} channels`} formatter={readable} contentStyle={TOOLTIP} />
            </ComposedChart>
          </div>
          {width !== undefined && (
            <div className="handle-track" ref={(track) => place(track, AXIS_WIDTH + step - THUMB / 2, step * (n - 1) + THUMB)}>
              <RangeSlider
                className="handle"
                label={`Channels kept in ${group}`}
                min={1}
                max={n}
                step={1}
                value={width}
                valueText={`${width} of ${n} channels${reached === undefined ? '' : `, fidelity ${reached.toFixed(2)}`}`}
                onChange={onWidth}
              />
            </div>
          )}
        </>
      )}
    </div>
  );
});

function WidthLabel({ width, n, text, plot }: { readonly width: number; readonly n: number; readonly text: string; readonly plot: { readonly left: number; readonly step: number; readonly bottom: number } }) {
  const late = width > n * 0.7;
  return (
    <text className="chart-note" x={plot.left + plot.step * width + (late ? -8 : 8)} y={plot.bottom - 16} textAnchor={late ? 'end' : 'start'}>
      {text}
    </text>
  );
}

function at(curve: readonly number[], k: number): number | undefined {
  if (k === 0) return curve.length > 0 ? 0 : undefined;
  return curve[k - 1];
}

function from0(curve: readonly number[]): readonly number[] {
  return curve.length > 0 ? [0, ...curve] : [];
}

function ticks(n: number): readonly number[] {
  const step = [1, 2, 4, 8, 16, 32, 64, 128, 256].find((candidate) => n / candidate <= 8) ?? 512;
  return Array.from({ length: Math.floor(n / step) + 1 }, (_, i) => i * step);
}

function readable(value: unknown): string {
  if (Array.isArray(value)) return value.map((end) => Number(end).toFixed(3)).join(' – ');
  return Number(value).toFixed(3);
}

function place(track: HTMLDivElement | null, left: number, width: number): void {
  if (!track) return;
  track.style.left = `${left}px`;
  track.style.width = `${width}px`;
}
