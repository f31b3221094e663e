import { number, singletonLoss, type LabelOf } from '../../../lab/theoryFindings.ts';
import type { Correlation } from '../../../theory/results.ts';
import { linearAxis } from '../axes.ts';
import { AxisNames, ScatterPlot } from './ScatterPlot.tsx';
import { TheoryPlot } from './TheoryPlot.tsx';

const NAMED = 3;
const LETTER = 6.3;
const WIDE = 420;

/** What singleton loses to better searches, in points of fidelity, by how correlated a group's contributions are. */
export function CorrelationChart({ result: { groups }, label, labelOf }: { readonly result: Correlation; readonly label: string; readonly labelOf: LabelOf }) {
  const points = (better: (group: Correlation['groups'][number]) => number | undefined, search: string) =>
    groups.flatMap((group) => {
      const reached = better(group);
      if (reached === undefined) return [];
      const loss = 100 * Math.max(0, reached - group.singleton);
      return [{ x: group.correlation, y: loss, lines: [`${labelOf(group.group)}, ${group.kept} of ${group.channels} channels`, `correlation ${number(group.correlation)}`, `${search} is ${number(loss)} points ahead`] }];
    });
  const x = linearAxis(groups.map(({ correlation }) => correlation), number);
  const y = linearAxis(groups.map((group) => 100 * singletonLoss(group)), number);
  const worst = groups.toSorted((a, b) => singletonLoss(b) - singletonLoss(a)).slice(0, NAMED).filter((group) => singletonLoss(group) > 0);
  return (
    <TheoryPlot name="correlation" label={label}>
      {(size) => (
        <ScatterPlot
          size={size}
          x={x}
          y={y}
          series={[
            { key: 'exact', colour: 'var(--series-5)', hollow: true, points: points(({ exact }) => exact, 'exact') },
            { key: 'greedy', colour: 'var(--series-1)', points: points(({ greedy }) => greedy, 'greedy') },
          ]}
          renderOverlay={(plot) => (
            <>
              <AxisNames plot={plot} x="correlation of contributions" y={size.width < WIDE ? 'points lost: ● to greedy, ○ to exact' : 'points that singleton loses: ● to greedy, ○ to exact'} />
              {worst.map((group) => {
                const at = plot.x(group.correlation);
                const text = labelOf(group.group);
                const late = at + 8 + LETTER * text.length > plot.right;
                return (
                  <text key={group.group} className="chart-note" x={at + (late ? -8 : 8)} y={plot.y(100 * singletonLoss(group)) + 4} textAnchor={late ? 'end' : 'start'}>
                    {text}
                  </text>
                );
              })}
            </>
          )}
        />
      )}
    </TheoryPlot>
  );
}
