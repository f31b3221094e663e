import { lazy, Suspense, useCallback, useDeferredValue, useMemo } from 'react';
import { frontierCsv } from '../../lab/csv.ts';
import { FRONTIER_AXES } from '../../lab/experiment.ts';
import { milliseconds, percent, whole } from '../../lab/format.ts';
import { frontierSeries, type FrontierSeries, type SeriesPoint } from '../../lab/frontier.ts';
import { AXIS_LABELS } from '../../lab/labels.ts';
import { intactCost } from '../../lab/planCost.ts';
import { frontierTitle } from '../../lab/titles.ts';
import { quality, yardstick, YARDSTICK_LABELS, type Yardstick } from '../../lab/yardstick.ts';
import { ChartCard, type ChartTable } from '../charts/ChartCard.tsx';
import { SegmentedControl } from '../controls/SegmentedControl.tsx';
import { Boundary } from '../controls/Boundary.tsx';
import { useExperiment, useLab } from '../LabContext.tsx';
import { ChartPlaceholder } from './ChartPlaceholder.tsx';
import { SweepControl } from './SweepControl.tsx';
import { useShownOutcome } from './useShownOutcome.ts';

const FrontierChart = lazy(() => import('../charts/FrontierChart.tsx').then((module) => ({ default: module.FrontierChart })));

const AXIS_OPTIONS = FRONTIER_AXES.map((value) => ({ value, label: AXIS_LABELS[value] }));
const SINGLETON_COLOURS = { leastSquares: 1, scale: 2, none: 3 } as const;
const BASELINE_COLOURS = { l1: 4, l2: 5, random: 6 } as const;

export function FrontierPanel() {
  const lab = useLab();
  const axis = useExperiment((experiment) => experiment.axis);
  const sweepPoints = useExperiment((experiment) => experiment.sweepPoints);
  const history = useExperiment((experiment) => experiment.history);
  const precomputed = useExperiment((experiment) => experiment.precomputed);
  const cost = useExperiment(intactCost);
  const rules = useExperiment((experiment) => experiment.request.rules);
  const measured = useExperiment((experiment) => experiment.intact);
  const judged = useExperiment(yardstick);

  const series = useDeferredValue(useMemo(() => frontierSeries({ sweepPoints, history, precomputed }, axis, rules), [sweepPoints, history, precomputed, axis, rules]));
  const intact = useMemo((): SeriesPoint | undefined => {
    const value = measured ? quality(measured.evaluation) : precomputed?.intact.accuracy;
    const x = axis === 'latency' ? measured?.latency : cost?.[axis];
    return value === undefined || x === undefined ? undefined : { x, quality: value, images: measured?.evaluation.images ?? precomputed?.intact.images ?? 0 };
  }, [measured, precomputed, cost, axis]);
  const { shown, outcome, macs, params } = useShownOutcome();
  const x = axis === 'latency' ? outcome?.latency : axis === 'macs' ? macs : params;
  const reached = outcome && quality(outcome);
  const stale = shown === 'stale';
  const current = useMemo(() => (reached !== undefined && x !== undefined ? { x, quality: reached, stale } : undefined), [reached, x, stale]);

  const whole100 = intact?.x;
  const formatX = useCallback((value: number) => (axis === 'latency' || whole100 === undefined ? milliseconds(value) : `${Math.round((100 * value) / whole100)}\u00a0%`), [axis, whole100]);
  const table = useMemo(
    (): ChartTable => ({
      header: ['method', AXIS_LABELS[axis], judged, 'images', 'source'],
      rows: series.flatMap((entry) => entry.points.map((point) => [entry.label, axis === 'latency' ? milliseconds(point.x) : whole(point.x), percent(point.quality), whole(point.images), entry.precomputed ? 'precomputed' : 'here'])),
    }),
    [series, axis, judged],
  );

  const title = intact && current && !current.stale ? frontierTitle({ axis, left: current.x / intact.x, accuracyBefore: intact.quality, accuracyAfter: current.quality }, judged) : (titleOfSeries(series, intact, axis, judged) ?? 'What does cutting cost?');
  const stored = series.some((entry) => entry.precomputed);
  return (
    <ChartCard
      region="Frontier"
      name="frontier"
      title={title}
      subtitle={
        <span className="row wrap">
          <span>
            {YARDSTICK_LABELS[judged]}{outcome ? ` on ${whole(outcome.images)} images` : ''}, not retrained, against
          </span>
          <SegmentedControl quiet legend="Frontier against" options={AXIS_OPTIONS} value={axis} onChange={(next) => lab.setAxis(next)} />
          {stored && <span className="tag">dashed: precomputed on {precomputed?.machine}</span>}
        </span>
      }
      tools={<SweepControl />}
      table={table}
      csv={() => frontierCsv(series, axis, judged)}
    >
      {series.length > 0 || current ? (
        <Boundary what="The chart"><Suspense fallback={<ChartPlaceholder text="Loading the chart…" />}>
          <FrontierChart
            label={`${title}. ${series.map((entry) => `${entry.label}: ${entry.points.length} points, ${percent(entry.points[0].quality, 0)} at the smallest`).join('; ')}.`}
            series={series}
            intact={intact}
            current={current}
            formatX={formatX}
            colourOf={colourOf}
          />
        </Suspense></Boundary>
      ) : (
        <ChartPlaceholder text={axis === 'latency' ? 'Latency is known of plans that were measured here.' : 'Every plan that is measured becomes a point here.'} />
      )}
    </ChartCard>
  );
}

function colourOf({ method: { select, compensate } }: FrontierSeries): string {
  return `var(--series-${select === 'singleton' ? SINGLETON_COLOURS[compensate] : BASELINE_COLOURS[select]})`;
}

/** While no plan is measured: what the best series says of its point nearest to half. */
function titleOfSeries(series: readonly FrontierSeries[], intact: SeriesPoint | undefined, axis: (typeof FRONTIER_AXES)[number], judged: Yardstick): string | undefined {
  if (!intact || series.length === 0) return undefined;
  const half = series[0].points.reduce((best, point) => (Math.abs(point.x - intact.x / 2) < Math.abs(best.x - intact.x / 2) ? point : best));
  return frontierTitle({ axis, left: half.x / intact.x, accuracyBefore: intact.quality, accuracyAfter: half.quality }, judged);
}
