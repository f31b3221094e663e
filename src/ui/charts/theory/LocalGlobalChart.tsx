import { COMPENSATION_LABELS } from '../../../lab/labels.ts';
import { number, type LabelOf } from '../../../lab/theoryFindings.ts';
import type { LocalGlobal } from '../../../theory/results.ts';
import { logAxis } from '../axes.ts';
import type { Plot } from '../plot.ts';
import { AxisNames, ScatterPlot, type ScatterPoint } from './ScatterPlot.tsx';
import { TheoryPlot } from './TheoryPlot.tsx';

/** Output error against local error, both on logarithmic axes, where a slope through the origin is a line at 45°. */
export function LocalGlobalChart({ result, label, labelOf }: { readonly result: LocalGlobal; readonly label: string; readonly labelOf: LabelOf }) {
  const points = result.points.filter(({ local, global }) => local > 0 && global > 0);
  const x = logAxis(points.map(({ local }) => local));
  const y = logAxis(points.map(({ global }) => global));
  const steepest = result.slopes.reduce<LocalGlobal['slopes'][number] | undefined>((most, slope) => (most && most.worst >= slope.worst ? most : slope), undefined);
  const dot = ({ group, kept, channels, compensate, local, global }: LocalGlobal['points'][number]): ScatterPoint => ({
    x: Math.log10(local),
    y: Math.log10(global),
    lines: [`${labelOf(group)}, ${kept} of ${channels} channels, compensation: ${COMPENSATION_LABELS[compensate]}`, `local error ${number(local)}, output error ${number(global)}`, `ratio ${number(global / local)}`],
  });
  const series = [
    { key: 'others', colour: 'var(--series-1)', points: points.filter(({ group }) => group !== steepest?.group).map(dot) },
    { key: 'steepest', colour: 'var(--series-4)', points: points.filter(({ group }) => group === steepest?.group).map(dot) },
  ];
  return (
    <TheoryPlot name="local-global" label={label}>
      {(size) => (
        <ScatterPlot
          size={size}
          x={x}
          y={y}
          series={series}
          renderOverlay={(plot) => (
            <>
              {result.slopes.map(({ group, fitted }) => {
                const own = points.filter((point) => point.group === group).map(({ local }) => Math.log10(local));
                const worst = group === steepest?.group;
                return own.length > 1 && <Slope key={group} plot={plot} from={Math.min(...own)} to={Math.max(...own)} slope={fitted} colour={worst ? 'var(--series-4)' : 'var(--series-1)'} width={worst ? 1.5 : 0.8} opacity={worst ? 1 : 0.5} />;
              })}
              {steepest && <Bound plot={plot} x={x} y={y} slope={steepest.worst} name={labelOf(steepest.group)} />}
              <AxisNames plot={plot} x="local error" y="output error" />
            </>
          )}
        />
      )}
    </TheoryPlot>
  );
}

interface SlopeProps {
  readonly plot: Plot;
  /** Logarithms of the local errors that it is drawn between. */
  readonly from: number;
  readonly to: number;
  readonly slope: number;
  readonly colour: string;
  readonly width: number;
  readonly opacity?: number;
  readonly dashes?: string;
}

function Slope({ plot, from, to, slope, colour, width, opacity = 1, dashes }: SlopeProps) {
  if (!(slope > 0) || !Number.isFinite(slope)) return null;
  const up = Math.log10(slope);
  return <line x1={plot.x(from)} x2={plot.x(to)} y1={plot.y(from + up)} y2={plot.y(to + up)} stroke={colour} strokeWidth={width} strokeOpacity={opacity} strokeDasharray={dashes} />;
}

/** Output error = the worst slope × local error: no dot lies above it. */
function Bound({ plot, x, y, slope, name }: { readonly plot: Plot; readonly x: { readonly from: number; readonly to: number }; readonly y: { readonly from: number; readonly to: number }; readonly slope: number; readonly name: string }) {
  const up = Math.log10(slope);
  const from = Math.max(x.from, y.from - up);
  const to = Math.min(x.to, y.to - up);
  if (!(to > from)) return null;
  return (
    <>
      <Slope plot={plot} from={from} to={to} slope={slope} colour="var(--ink)" width={1.4} dashes="5 4" />
      <text className="chart-note" x={plot.right - 6} y={plot.bottom - 24} textAnchor="end">
        dashed: bound, C = {number(slope)}
      </text>
      <text className="series-label" x={plot.right - 6} y={plot.bottom - 8} textAnchor="end" fill="var(--series-4)">
        {name}
      </text>
    </>
  );
}
