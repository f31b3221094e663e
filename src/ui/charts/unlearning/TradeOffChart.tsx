import { percent } from '../../../lab/format.ts';
import type { TradeOffPoint } from '../../../lab/unlearning/tradeOffPoints.ts';
import { linearAxis } from '../axes.ts';
import { AxisNames, ScatterPlot, type ScatterSeries } from '../theory/ScatterPlot.tsx';
import { SHARES, wholePercent } from '../theory/shares.ts';
import { TheoryPlot } from '../theory/TheoryPlot.tsx';

const COLOURS: Readonly<Record<TradeOffPoint['kind'], string>> = { forgot: 'var(--series-1)', knows: 'var(--series-4)', reference: 'var(--series-6)' };
const KINDS = ['reference', 'knows', 'forgot'] as const;

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
          x={SHARES}
          y={y}
          series={series}
          renderOverlay={(plot) => (
            <>
              {points.map((point) => (
                <text key={`${point.label} ${point.recoverability} ${point.retain}`} className="series-label" x={plot.x(point.recoverability) + (point.recoverability > 0.6 ? -8 : 8)} y={plot.y(point.retain) - 6} textAnchor={point.recoverability > 0.6 ? 'end' : 'start'} fill={COLOURS[point.kind]}>
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
