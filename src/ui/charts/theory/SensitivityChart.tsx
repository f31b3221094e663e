import { FAMILY_LABELS } from '../../../lab/sensitivityView.ts';
import { percent } from '../../../lab/format.ts';
import type { Sensitivity, SensitivityPoint } from '../../../sensitivity/results.ts';
import { TheoryPlot } from './TheoryPlot.tsx';

const ROW = 22;
const HEAD = 26;
const GAP = 20;
const LETTER = 6.4;
const TICKS = [0, 0.25, 0.5, 0.75, 1];

interface Row {
  readonly point: SensitivityPoint;
  readonly y: number;
  /** Where the first of its family stands. */
  readonly heading?: string;
}

/** One row for each kind of calibration pictures, with the accuracies after pruning and after forgetting. */
export function SensitivityChart({ points, intact, label }: { readonly points: readonly SensitivityPoint[]; readonly intact?: Sensitivity['intact']; readonly label: string }) {
  const rows: Row[] = [];
  let y = HEAD;
  points.forEach((point, at) => {
    const first = at === 0 || points[at - 1].family !== point.family;
    if (first) y += GAP;
    rows.push({ point, y, ...(first ? { heading: FAMILY_LABELS[point.family] } : {}) });
    y += ROW;
  });
  const height = y + 14;
  return (
    <TheoryPlot name="sensitivity" label={label} height={height}>
      {({ width }) => {
        const most = Math.max(8, Math.floor((0.42 * width) / LETTER));
        const left = Math.min(0.42 * width, 12 + LETTER * Math.max(...points.map((point) => point.label.length)));
        const x = (share: number) => left + 10 + share * (width - left - 32);
        return (
          <svg width={width} height={height} fontSize={12} fill="var(--ink)">
            <Keys />
            {TICKS.map((tick) => (
              <g key={tick}>
                <line x1={x(tick)} x2={x(tick)} y1={HEAD + 4} y2={height - 14} stroke="var(--line)" />
                <text x={x(tick)} y={height - 2} textAnchor="middle" fill="var(--mute)" fontSize={11}>
                  {percent(tick, 0)}
                </text>
              </g>
            ))}
            {intact && <line x1={x(intact.accuracy)} x2={x(intact.accuracy)} y1={HEAD + 4} y2={height - 14} stroke="var(--ink)" strokeDasharray="3 3" />}
            {rows.map(({ point, y: top, heading }) => (
              <g key={`${point.family} ${point.label}`}>
                {heading && (
                  <text x={0} y={top - 6} fill="var(--mute)" fontSize={11}>
                    {heading}
                  </text>
                )}
                <text x={left} y={top + 15} textAnchor="end">
                  {point.label.length > most ? `${point.label.slice(0, most - 1)}…` : point.label}
                </text>
                <Marks point={point} x={x} y={top + 11} />
              </g>
            ))}
          </svg>
        );
      }}
    </TheoryPlot>
  );
}

function Marks({ point: { pruned, forgotten, why }, x, y }: { readonly point: SensitivityPoint; readonly x: (share: number) => number; readonly y: number }) {
  return (
    <g>
      {why !== undefined && <title>{why}</title>}
      {forgotten && <Square x={x(forgotten.retain)} y={y} />}
      {forgotten && <Triangle x={x(forgotten.forget)} y={y} />}
      {pruned !== undefined && <circle cx={x(pruned)} cy={y} r={4.5} fill="var(--series-1)" />}
      {pruned === undefined && (
        <text x={x(0)} y={y + 4} fill="var(--mute)" fontSize={11}>
          not measured
        </text>
      )}
    </g>
  );
}

/** What the marks stand for. */
function Keys() {
  return (
    <g fontSize={11}>
      <circle cx={5} cy={10} r={4.5} fill="var(--series-1)" />
      <text x={14} y={14}>pruned</text>
      <Square x={74} y={10} />
      <text x={84} y={14}>other classes</text>
      <Triangle x={174} y={10} />
      <text x={184} y={14}>forgotten class</text>
    </g>
  );
}

function Square({ x, y }: { readonly x: number; readonly y: number }) {
  return <rect x={x - 4} y={y - 4} width={8} height={8} fill="none" stroke="var(--series-2)" strokeWidth={2} />;
}

function Triangle({ x, y }: { readonly x: number; readonly y: number }) {
  return <path d={`M${x - 4.5},${y + 4}H${x + 4.5}L${x},${y - 4.5}Z`} fill="var(--series-3)" />;
}
