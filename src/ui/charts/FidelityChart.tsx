/* oxlint-disable jsx-a11y/prefer-tag-over-role -- a drawn chart is no img, and is one to a screen reader */
import { useRef } from 'react';
import { etaText } from '../../lab/hifiShares.ts';
import type { Reach, SearchCurve } from '../../lab/searchCurves.ts';
import type { Band } from '../../workers/protocol.ts';
import { RangeSlider } from '../controls/RangeSlider.tsx';
import { useSize } from '../controls/useSize.ts';
import { CurveLabels } from './CurveLabels.tsx';
import { CURVE_STYLES } from './curveStyles.ts';
import { AXIS_HEIGHT, AXIS_WIDTH, FidelityCurves, MARGIN } from './FidelityCurves.tsx';
import type { Box, CurveLabel } from './placeLabels.ts';
import { linearPlot, type Plot } from './plot.ts';

export interface FidelityChartProps {
  /** What the picture says, for those who do not see it. */
  readonly label: string;
  readonly group: string;
  /** What its components are called. */
  readonly many: string;
  readonly channels: number;
  readonly curves: readonly SearchCurve[];
  /** Random subsets; absent until all batches are in. */
  readonly band?: Band;
  /** Fidelity at which HiFi sets are marked, and where each curve reaches it. */
  readonly eta: number;
  readonly reached: readonly Reach[];
  /** Channels kept now. */
  readonly width?: number;
  /** Fidelity at that width. */
  readonly fidelity?: number;
  readonly onWidth: (width: number, final: boolean) => void;
}

const THUMB = 12;
const LETTER = 6.6;
/** Of "keep 128: η = 0.95", at most. */
const NOTE_LETTERS = 18;

/** Fidelity η of the best k channels against k by every search, with the width in use as a handle to drag. */
export function FidelityChart({ label, group, many, channels, curves, band, eta, reached, width, fidelity, onWidth }: FidelityChartProps) {
  const holder = useRef<HTMLDivElement>(null);
  const size = useSize(holder);
  const n = channels;
  if (!size || size.width < 40 || size.height < 40) return <div ref={holder} className="chart" />;
  const plot = linearPlot(
    { left: AXIS_WIDTH, right: size.width - MARGIN.right, top: MARGIN.top, bottom: size.height - AXIS_HEIGHT - MARGIN.bottom },
    { from: 0, to: n },
    { from: 0, to: 1 },
  );
  return (
    <div ref={holder} className="chart">
      <div role="img" aria-label={label} data-chart="fidelity">
        <FidelityCurves size={size} curves={curves} band={band} />
        <svg className="overlay" width={size.width} height={size.height}>
          <EtaLine eta={eta} reached={reached} plot={plot} />
          <CurveLabels labels={curveLabels(curves, band, size.width < 480)} plot={plot} occupied={notes(plot, eta, width)} />
          {width !== undefined && <WidthLine width={width} reached={fidelity} plot={plot} />}
        </svg>
      </div>
      {width !== undefined && (
        <div className="handle-track" ref={(track) => place(track, plot.x(1) - THUMB / 2, plot.x(n) - plot.x(1) + THUMB)}>
          <RangeSlider
            className="handle"
            label={`${many[0].toUpperCase()}${many.slice(1)} kept in ${group}`}
            min={1}
            max={n}
            step={1}
            value={width}
            valueText={`${width} of ${n} ${many}${fidelity === undefined ? '' : `, fidelity ${fidelity.toFixed(2)}`}`}
            onChange={onWidth}
          />
        </div>
      )}
    </div>
  );
}

function curveLabels(curves: readonly SearchCurve[], band: Band | undefined, narrow: boolean): readonly CurveLabel[] {
  return curves.map(({ key, label, short, curve }) => {
    const { colour, from, side } = CURVE_STYLES[key];
    if (key === 'median') return { text: 'random subsets', colour, curve: from0(band?.low ?? []), from, side };
    return { text: narrow || key === 'best' ? short : label, colour, curve: from0(curve), from: narrow && side === 'above' ? 0 : from, side };
  });
}

/** What names of curves stay clear of: the note on η, and the line of the width with its handle and its note. */
function notes(plot: Plot, eta: number, width: number | undefined): readonly Box[] {
  const y = plot.y(eta);
  const onEta = { left: plot.right - 9 * LETTER, right: plot.right, top: y, bottom: y + 16 };
  if (width === undefined) return [onEta];
  const x = plot.x(width);
  const note = NOTE_LETTERS * LETTER;
  const left = x + 8 + note > plot.right ? x - 8 - note : x;
  return [onEta, { left: x - THUMB / 2, right: x + THUMB / 2, top: 0, bottom: plot.bottom }, { left, right: left + 8 + note, top: plot.bottom - 26, bottom: plot.bottom }];
}

/** The chosen η, and where each curve reaches it. */
function EtaLine({ eta, reached, plot }: { readonly eta: number; readonly reached: readonly Reach[]; readonly plot: Plot }) {
  const y = plot.y(eta);
  return (
    <>
      <line x1={plot.left} x2={plot.right} y1={y} y2={y} stroke="var(--edge)" strokeDasharray="2 4" />
      <text className="chart-note" x={plot.right} y={y + 13} textAnchor="end">
        η = {etaText(eta)}
      </text>
      {reached.map(({ key, k }) => k !== undefined && <circle key={key} cx={plot.x(k)} cy={y} r={3.5} fill={CURVE_STYLES[key].colour} stroke="var(--card)" strokeWidth={1.2} />)}
    </>
  );
}

function WidthLine({ width, reached, plot }: { readonly width: number; readonly reached?: number; readonly plot: Plot }) {
  const x = plot.x(width);
  const text = reached === undefined ? '' : `keep ${width}: η = ${reached.toFixed(2)}`;
  const late = x + 8 + LETTER * NOTE_LETTERS > plot.right;
  return (
    <>
      <line x1={x} x2={x} y1={plot.top} y2={plot.bottom} stroke="var(--ink)" strokeDasharray="3 3" />
      {text && (
        <text className="chart-note" x={x + (late ? -8 : 8)} y={plot.bottom - 12} textAnchor={late ? 'end' : 'start'}>
          {text}
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
