/* oxlint-disable jsx-a11y/prefer-tag-over-role -- a drawn chart is no img, and is one to a screen reader */
import { useRef } from 'react';
import type { GroupDetail } from '../../workers/protocol.ts';
import { RangeSlider } from '../controls/RangeSlider.tsx';
import { useSize } from '../controls/useSize.ts';
import { CurveLabels, type CurveLabel } from './CurveLabels.tsx';
import { AXIS_HEIGHT, AXIS_WIDTH, FidelityCurves, MARGIN } from './FidelityCurves.tsx';
import { linearPlot, type Plot } from './plot.ts';

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

const THUMB = 12;

/** Fidelity η of the best k channels against k, with the width in use as a handle to drag. */
export function FidelityChart({ label, group, scale, leastSquares, detail, width, reached, onWidth }: FidelityChartProps) {
  const holder = useRef<HTMLDivElement>(null);
  const size = useSize(holder);
  const n = scale.length;
  if (!size || size.width < 40 || size.height < 40) return <div ref={holder} className="chart" />;
  const plot = linearPlot(
    { left: AXIS_WIDTH, right: size.width - MARGIN.right, top: MARGIN.top, bottom: size.height - AXIS_HEIGHT - MARGIN.bottom },
    { from: 0, to: n },
    { from: 0, to: 1 },
  );
  const narrow = size.width < 480;
  const labels: CurveLabel[] = [
    { text: narrow ? 'least squares' : 'singleton + least squares', colour: 'var(--series-1)', curve: from0(leastSquares), from: 0.1, side: 'above' },
    { text: narrow ? 'greedy' : 'greedy + scale', colour: 'var(--series-3)', curve: from0(detail?.greedy ?? []), from: 0.58, side: 'above' },
    { text: narrow ? 'scale' : 'singleton + scale', colour: 'var(--series-2)', curve: from0(scale), from: 0.4, side: 'below' },
    { text: 'random subsets', colour: 'var(--mute)', curve: from0(detail?.band.low ?? []), from: 0.24, side: 'below' },
  ];
  return (
    <div ref={holder} className="chart">
      <div role="img" aria-label={label} data-chart="fidelity">
        <FidelityCurves size={size} scale={scale} leastSquares={leastSquares} detail={detail} />
        <svg className="overlay" width={size.width} height={size.height}>
          <CurveLabels labels={labels} plot={plot} avoid={width} />
          {width !== undefined && <WidthLine width={width} n={n} reached={reached} plot={plot} />}
        </svg>
      </div>
      {width !== undefined && (
        <div className="handle-track" ref={(track) => place(track, plot.x(1) - THUMB / 2, plot.x(n) - plot.x(1) + THUMB)}>
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
    </div>
  );
}

function WidthLine({ width, n, reached, plot }: { readonly width: number; readonly n: number; readonly reached?: number; readonly plot: Plot }) {
  const late = width > n * 0.7;
  const x = plot.x(width);
  return (
    <>
      <line x1={x} x2={x} y1={plot.top} y2={plot.bottom} stroke="var(--ink)" strokeDasharray="3 3" />
      {reached !== undefined && (
        <text className="chart-note" x={x + (late ? -8 : 8)} y={plot.bottom - 12} textAnchor={late ? 'end' : 'start'}>
          keep {width}: η = {reached.toFixed(2)}
        </text>
      )}
    </>
  );
}

function from0(curve: readonly number[]): readonly number[] {
  return curve.length > 0 ? [0, ...curve] : [];
}

function place(track: HTMLDivElement | null, left: number, width: number): void {
  if (!track) return;
  track.style.left = `${left}px`;
  track.style.width = `${width}px`;
}
