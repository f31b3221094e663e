import { lazy, Suspense, useCallback, useMemo } from 'react';
import { frontierCsv } from '../../lab/csv.ts';
import { FRONTIER_AXES } from '../../lab/experiment.ts';
import { milliseconds, percent, whole } from '../../lab/format.ts';
import { frontierSeries, methodKey, type FrontierSeries, type SeriesPoint } from '../../lab/frontier.ts';
import { AXIS_LABELS } from '../../lab/labels.ts';
import { shownOutcome } from '../../lab/outcome.ts';
import { intactCost } from '../../lab/planCost.ts';
import { frontierTitle } from '../../lab/titles.ts';
import { ChartCard, type ChartTable } from '../charts/ChartCard.tsx';
import { SegmentedControl } from '../controls/SegmentedControl.tsx';
import { useExperiment, useLab } from '../LabContext.tsx';
import { ChartPlaceholder } from './ChartPlaceholder.tsx';
import { SweepControl } from './SweepControl.tsx';

const FrontierChart = lazy(() => import('../charts/FrontierChart.tsx').then((module) => ({ default: module.FrontierChart })));

const AXIS_OPTIONS = FRONTIER_AXES.map((value) => ({ value, label: AXIS_LABELS[value] }));
const COLOURS = ['singleton leastSquares', 'singleton scale', 'singleton none', 'l1 none', 'l2 none', 'random none'];

export function FrontierPanel() {
  const lab = useLab();
  const axis = useExperiment((experiment) => experiment.axis);
  const sweepPoints = useExperiment((experiment) => experiment.sweepPoints);
  const history = useExperiment((experiment) => experiment.history);
  const precomputed = useExperiment((experiment) => experiment.precomputed);
  const cost = useExperiment(intactCost);
  const measured = useExperiment((experiment) => experiment.intact);
  const result = useExperiment((experiment) => experiment.result);
  const planKey = useExperiment((experiment) => experiment.planKey);
  const request = useExperiment((experiment) => experiment.request);
  const pins = useExperiment((experiment) => experiment.pins);
  const calibration = useExperiment((experiment) => experiment.calibration);

  const series = useMemo(() => frontierSeries({ sweepPoints, history, precomputed }, axis), [sweepPoints, history, precomputed, axis]);
  const intact = useMemo((): SeriesPoint | undefined => {
    const accuracy = measured?.evaluation.accuracy ?? precomputed?.intact.accuracy;
    const x = axis === 'latency' ? measured?.latency : cost?.[axis];
    return accuracy === undefined || x === undefined ? undefined : { x, accuracy, images: measured?.evaluation.images ?? precomputed?.intact.images ?? 0 };
  }, [measured, precomputed, cost, axis]);
  const { shown, outcome, macs, params } = useMemo(() => shownOutcome({ result, planKey, history, request, pins, calibration }), [result, planKey, history, request, pins, calibration]);
  const x = axis === 'latency' ? outcome?.latency : axis === 'macs' ? macs : params;
  const current = useMemo(() => (outcome && x !== undefined ? { x, accuracy: outcome.accuracy, stale: shown === 'stale' } : undefined), [outcome, x, shown]);

  const whole100 = intact?.x;
  const formatX = useCallback((value: number) => (axis === 'latency' || whole100 === undefined ? milliseconds(value) : `${Math.round((100 * value) / whole100)} %`), [axis, whole100]);
  const table = useMemo(
    (): ChartTable => ({
      header: ['method', AXIS_LABELS[axis], 'accuracy', 'images', 'source'],
      rows: series.flatMap((entry) => entry.points.map((point) => [entry.label, axis === 'latency' ? milliseconds(point.x) : whole(point.x), percent(point.accuracy), whole(point.images), entry.precomputed ? 'precomputed' : 'here'])),
    }),
    [series, axis],
  );

  const title = intact && current && !current.stale ? frontierTitle({ axis, left: current.x / intact.x, accuracyBefore: intact.accuracy, accuracyAfter: current.accuracy }) : (titleOfSeries(series, intact, axis) ?? 'What does cutting cost?');
  const stored = series.some((entry) => entry.precomputed);
  return (
    <ChartCard
      region="Frontier"
      name="frontier"
      title={title}
      subtitle={
        <span className="row wrap">
          <span>
            Test accuracy{outcome ? ` on ${whole(outcome.images)} images` : ''}, no training after the cut, against
          </span>
          <SegmentedControl quiet legend="Frontier against" options={AXIS_OPTIONS} value={axis} onChange={(next) => lab.setAxis(next)} />
          {stored && <span className="tag">dashed: precomputed on {precomputed?.machine}</span>}
        </span>
      }
      tools={<SweepControl />}
      table={table}
      csv={() => frontierCsv(series, axis)}
    >
      {series.length > 0 || current ? (
        <Suspense fallback={<ChartPlaceholder text="Loading the chart…" />}>
          <FrontierChart
            label={`${title}. ${series.map((entry) => `${entry.label}: ${entry.points.length} points, ${percent(entry.points[0].accuracy, 0)} at the smallest`).join('; ')}.`}
            series={series}
            intact={intact}
            current={current}
            formatX={formatX}
            colourOf={colourOf}
          />
        </Suspense>
      ) : (
        <ChartPlaceholder text={axis === 'latency' ? 'Latency is known of plans that were measured here.' : 'Every plan that is measured becomes a point here.'} />
      )}
    </ChartCard>
  );
}

function colourOf({ method }: FrontierSeries): string {
  const found = COLOURS.findIndex((start) => methodKey(method).startsWith(start));
  return found < 0 ? 'var(--mute)' : `var(--series-${found + 1})`;
}

/** While no plan is measured: what the best series says of its point nearest to half. */
function titleOfSeries(series: readonly FrontierSeries[], intact: SeriesPoint | undefined, axis: (typeof FRONTIER_AXES)[number]): string | undefined {
  if (!intact || series.length === 0) return undefined;
  const half = series[0].points.reduce((best, point) => (Math.abs(point.x - intact.x / 2) < Math.abs(best.x - intact.x / 2) ? point : best));
  return frontierTitle({ axis, left: half.x / intact.x, accuracyBefore: intact.accuracy, accuracyAfter: half.accuracy });
}
