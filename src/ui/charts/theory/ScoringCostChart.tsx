import { bytes } from '../../../lab/format.ts';
import { duration, selectionLabel } from '../../../lab/theoryFindings.ts';
import type { ScoringCost } from '../../../theory/results.ts';
import { logAxis, powerLabel, type PlotAxis } from '../axes.ts';
import { ScatterPlot } from './ScatterPlot.tsx';
import { TheoryPlot } from './TheoryPlot.tsx';

const ROW = 19;
/** Where the second of the two logarithmic axes, each of length 1, begins. */
const SECOND = 1.12;

/** Seconds, and beside them bytes, of every rule, the quickest first, each on a logarithmic axis of its own. */
export function ScoringCostChart({ result, label }: { readonly result: ScoringCost; readonly label: string }) {
  const rules = result.rules.toSorted((a, b) => a.seconds - b.seconds);
  const seconds = logAxis(rules.map((rule) => rule.seconds));
  const read = logAxis(rules.map((rule) => rule.bytes));
  const ticks = [
    ...wholeTicks(seconds).map((power) => ({ at: within(seconds, power), text: `${powerLabel(power)} s` })),
    ...wholeTicks(read).map((power) => ({ at: SECOND + within(read, power), text: shortBytes(10 ** power) })),
  ];
  const text = new Map(ticks.map((tick) => [tick.at, tick.text]));
  return (
    <TheoryPlot name="scoring-cost" label={label} height={ROW * rules.length + 48}>
      {(size) => (
        <ScatterPlot
          size={size}
          axisWidth={84}
          x={{ from: -0.02, to: SECOND + 1.02, ticks: ticks.map(({ at }) => at), format: (at) => text.get(at) ?? '' }}
          y={{ from: rules.length - 0.5, to: -0.5, ticks: rules.map((_, i) => i), format: (i) => selectionLabel(rules[i]?.select ?? '') }}
          series={[
            { key: 'seconds', colour: 'var(--series-1)', points: rules.map((rule, i) => ({ x: placeOf(seconds, rule.seconds, 0), y: i, lines: lines(rule) })) },
            { key: 'bytes', colour: 'var(--series-4)', points: rules.flatMap((rule, i) => (rule.bytes > 0 ? [{ x: placeOf(read, rule.bytes, SECOND), y: i, lines: lines(rule) }] : [])) },
          ]}
          renderOverlay={(plot) => (
            <>
              <text className="series-label" x={plot.x(0)} y={plot.top - 4} fill="var(--series-1)">
                seconds
              </text>
              <text className="series-label" x={plot.x(SECOND)} y={plot.top - 4} fill="var(--series-4)">
                {size.width < 420 ? 'bytes' : 'bytes beside the weights'}
              </text>
              <line x1={plot.x((1 + SECOND) / 2)} x2={plot.x((1 + SECOND) / 2)} y1={plot.top} y2={plot.bottom} stroke="var(--edge)" />
            </>
          )}
        />
      )}
    </TheoryPlot>
  );
}

/** Where a power of ten lies along its axis, in [0, 1]. */
function within(axis: PlotAxis, power: number): number {
  return (power - axis.from) / (axis.to - axis.from);
}

function placeOf(axis: PlotAxis, value: number, start: number): number {
  return start + within(axis, Math.max(axis.from, Math.log10(value)));
}

function lines(rule: ScoringCost['rules'][number]): readonly string[] {
  return [selectionLabel(rule.select), duration(rule.seconds), rule.bytes > 0 ? bytes(rule.bytes) : 'reads the weights alone'];
}

/** At most four: two axes share the width. */
function wholeTicks({ from, to }: PlotAxis): readonly number[] {
  const step = Math.ceil((to - from) / 3);
  return Array.from({ length: Math.floor((to - from) / step) + 1 }, (_, i) => from + i * step);
}

function shortBytes(value: number): string {
  if (value < 1000) return `${value} B`;
  return value < 1e6 ? `${value / 1e3} kB` : value < 1e9 ? `${value / 1e6} MB` : `${value / 1e9} GB`;
}
