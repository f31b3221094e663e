import { percent } from '../../../lab/format.ts';
import type { TradeOffPoint } from '../../../lab/unlearning/tradeOffPoints.ts';
import { linearAxis, type PlotAxis } from '../axes.ts';
import type { Plot } from '../plot.ts';
import { AxisNames, ScatterPlot, type ScatterSeries } from '../theory/ScatterPlot.tsx';
import { wholePercent } from '../theory/shares.ts';
import { TheoryPlot } from '../theory/TheoryPlot.tsx';

const COLOURS: Readonly<Record<TradeOffPoint['kind'], string>> = { forgot: 'var(--series-1)', knows: 'var(--series-4)', reference: 'var(--series-6)' };
const KINDS = ['reference', 'knows', 'forgot'] as const;

const REGAINED: PlotAxis = { from: 0, to: 1, ticks: [0, 0.2, 0.4, 0.6, 0.8], format: wholePercent };
const LINE_HEIGHT = 13;
const LETTER = 6.6;

/** What is kept of the rest, by what a probe regains of the forgotten class: the upper left is best. */
export function TradeOffChart({ points, label }: { readonly points: readonly TradeOffPoint[]; readonly label: string }) {
  const least = Math.max(0, Math.floor(10 * Math.min(...points.map(({ retain }) => retain)) - 0.5) / 10);
  const y = linearAxis([1], wholePercent, least);
  const series = KINDS.map(
    (kind): ScatterSeries => ({
      key: kind,
      colour: COLOURS[kind],
      hollow: kind !== 'forgot',
      points: points
        .filter((point) => point.kind === kind)
        .map((point) => ({ x: point.recoverability, y: point.retain, lines: [point.label, `forget ${percent(point.forget)}, retain ${percent(point.retain)}`, `regained ${percent(point.recoverability)}`] })),
    }),
  );
  return (
    <TheoryPlot name="forget-trade-off" label={label}>
      {(size) => (
        <ScatterPlot
          size={size}
          x={REGAINED}
          y={y}
          series={series}
          renderOverlay={(plot) => (
            <>
              {placed(points, plot).map(({ point, x, y: at, end }) => (
                <text key={`${point.label} ${point.recoverability} ${point.retain}`} className="series-label" x={x} y={at} textAnchor={end ? 'end' : 'start'} fill={COLOURS[point.kind]}>
                  {point.label}
                </text>
              ))}
              <AxisNames plot={plot} x="regained by a probe" y="retain" />
            </>
          )}
        />
      )}
    </TheoryPlot>
  );
}

/** Names beside their dots, on the side that has room, moved down where they would lie over one another. */
function placed(points: readonly TradeOffPoint[], plot: Plot) {
  const taken: { readonly from: number; readonly to: number; readonly y: number }[] = [];
  return points.toSorted((a, b) => b.retain - a.retain).map((point) => {
    const dot = plot.x(point.recoverability);
    const end = point.recoverability > 0.5;
    const x = dot + (end ? -9 : 9);
    const width = LETTER * point.label.length;
    const [from, to] = end ? [x - width, x] : [x, x + width];
    let y = plot.y(point.retain) + 4;
    for (const other of taken) if (from < other.to && to > other.from && Math.abs(y - other.y) < LINE_HEIGHT) y = other.y + LINE_HEIGHT;
    taken.push({ from, to, y });
    return { point, x, y, end };
  });
}
