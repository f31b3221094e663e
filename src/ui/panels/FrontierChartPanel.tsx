import { lazy, Suspense, useCallback, useDeferredValue, useMemo } from 'react';
import { needsOf } from '../../lab/access.ts';
import { frontierCsv } from '../../lab/csv.ts';
import { FRONTIER_AXES } from '../../lab/experiment.ts';
import { milliseconds, whole } from '../../lab/format.ts';
import { frontierSeries, type FrontierSeries, type SeriesPoint } from '../../lab/frontier.ts';
import { AXIS_LABELS } from '../../lab/labels.ts';
import { MEASURES, type Measure } from '../../lab/measure.ts';
import { methodOf } from '../../lab/method.ts';
import { intactCost } from '../../lab/planCost.ts';
import { SOURCE_NAMES } from '../../datasets/sourceNames.ts';
import { sourceLabel } from '../../lab/sourceLabels.ts';
import { emphasised, gapAt, MOST_NAMED, orderGap } from '../../lab/seriesAt.ts';
import { frontierTitle, gapTitle } from '../../lab/titles.ts';
import { quality, yardstick } from '../../lab/yardstick.ts';
import { ChartCard, type ChartTable } from '../charts/ChartCard.tsx';
import { seriesColours } from '../charts/seriesColours.ts';
import { SegmentedControl } from '../controls/SegmentedControl.tsx';
import { Boundary } from '../controls/Boundary.tsx';
import { useExperiment, useLab } from '../LabContext.tsx';
import { ChartPlaceholder } from './ChartPlaceholder.tsx';
import { FrontierList } from './FrontierList.tsx';
import { SourcePrice } from './sources/SourcePrice.tsx';
import { SweepControl } from './SweepControl.tsx';
import { useShownOutcome } from './useShownOutcome.ts';
import './frontier.css';

const FrontierChart = lazy(() => import('../charts/FrontierChart.tsx').then((module) => ({ default: module.FrontierChart })));

const AXIS_OPTIONS = FRONTIER_AXES.map((value) => ({ value, label: AXIS_LABELS[value] }));

export function FrontierChartPanel() {
  const lab = useLab();
  const axis = useExperiment((experiment) => experiment.axis);
  const sweepPoints = useExperiment((experiment) => experiment.sweepPoints);
  const transformPoints = useExperiment((experiment) => experiment.transformPoints);
  const history = useExperiment((experiment) => experiment.history);
  const precomputed = useExperiment((experiment) => experiment.precomputed);
  const cost = useExperiment(intactCost);
  const request = useExperiment((experiment) => experiment.request);
  const measured = useExperiment((experiment) => experiment.intact);
  const measure = MEASURES[useExperiment(yardstick)];
  const judged = measure.yardstick;
  const [shows, tested] = judged === 'perplexity' ? (['text', 'windows'] as const) : (['pictures', 'images'] as const);
  const view = useExperiment((experiment) => experiment.frontierView);
  const source = useExperiment((experiment) => experiment.calibration.source);
  const { rules, target } = request;

  const series = useDeferredValue(useMemo(() => frontierSeries({ sweepPoints, transformPoints, history, precomputed }, axis, rules, measure), [sweepPoints, transformPoints, history, precomputed, axis, rules, measure]));
  const intact = useMemo((): SeriesPoint | undefined => {
    const value = measured ? quality(measured.evaluation) : precomputed && quality(precomputed.intact);
    const x = axis === 'latency' ? measured?.latency : cost?.[axis];
    return value === undefined || x === undefined ? undefined : { x, value, images: measured?.evaluation.images ?? precomputed?.intact.images ?? 0 };
  }, [measured, precomputed, cost, axis]);
  const { shown, outcome, macs, params } = useShownOutcome();
  const x = axis === 'latency' ? outcome?.latency : axis === 'macs' ? macs : params;
  const reached = outcome && quality(outcome);
  const stale = shown === 'stale';
  const current = useMemo(() => (reached !== undefined && x !== undefined ? { x, value: reached, stale } : undefined), [reached, x, stale]);

  const whole100 = intact?.x;
  // where methods are compared: at the budget, or where the plan on screen has come to
  const at = target.kind === axis && whole100 !== undefined ? target.value * whole100 : (x ?? (whole100 === undefined ? undefined : whole100 / 2));
  const visible = useMemo(() => series.filter(({ key }) => !view.hidden.includes(key)), [series, view.hidden]);
  // by its text, so that the lines are drawn again only when others stand out, and not on every move of the budget
  const strongKeys = [...emphasised(visible, measure, { ...(view.chosen === undefined ? {} : { chosen: view.chosen }), current: methodOf(request), source: sourceLabel(source), ...(at === undefined ? {} : { x: at }), ...(intact ? { intact } : {}) })].join('\n');
  const strong = useMemo(() => new Set(strongKeys.split('\n')), [strongKeys]);
  const colours = useMemo(() => seriesColours(visible.filter(({ key }) => strong.has(key))), [visible, strong]);
  const colourOf = useCallback((entry: FrontierSeries) => colours.get(entry.key) ?? 'var(--edge)', [colours]);
  const gap = useMemo(() => orderGap(visible, measure, view.chosen, intact), [visible, measure, view.chosen, intact]);

  const formatX = useCallback((value: number) => (axis === 'latency' || whole100 === undefined ? milliseconds(value) : `${Math.round((100 * value) / whole100)}\u00a0%`), [axis, whole100]);
  const table = useMemo(
    (): ChartTable => ({
      header: ['method', 'needs', AXIS_LABELS[axis], measure.yardstick, tested, 'source', 'calibrated on'],
      rows: series.flatMap((entry) => entry.points.map((point) => [entry.label, needsOf(entry, shows), axis === 'latency' ? milliseconds(point.x) : whole(point.x), measure.write(point.value), whole(point.images), entry.precomputed ? 'precomputed' : 'here', entry.source || (shows === 'text' ? shows : SOURCE_NAMES.pictures)])),
    }),
    [series, axis, measure, shows, tested],
  );

  const title = gap
    ? gapTitle(gapAt(gap, measure, at), formatX, axis, judged)
    : intact && current && !current.stale
      ? frontierTitle({ axis, left: current.x / intact.x, before: intact.value, after: current.value }, judged)
      : (titleOfSeries(visible, intact, axis, measure) ?? 'What does cutting cost?');
  const stored = series.some((entry) => entry.precomputed);
  const listed = series.length > 0 && (view.listed ?? series.length > MOST_NAMED);
  const named = visible.filter(({ key }) => strong.has(key));
  return (
    <ChartCard
      region="Frontier"
      name="frontier"
      title={title}
      subtitle={
        <>
          <span className="row wrap">
            <span>
              {measure.label}{measure.lowerIsBetter && ' (lower is better, logarithmic)'}{outcome ? ` on ${whole(outcome.images)} ${tested}` : ''}, not retrained, against
            </span>
            <SegmentedControl quiet legend="Frontier against" options={AXIS_OPTIONS} value={axis} onChange={(next) => lab.setAxis(next)} />
            {gap && <span className="tag">shaded: one-shot to sequential</span>}
            {stored && <span className="tag">dashed: precomputed on {precomputed?.machine}</span>}
          </span>
          {source && <SourcePrice />}
        </>
      }
      tools={
        <>
          <SweepControl />
          {series.length > 0 && (
            <button type="button" className="small" aria-pressed={listed} onClick={() => lab.setFrontierView({ listed: !listed })}>
              Methods
            </button>
          )}
        </>
      }
      table={table}
      csv={() => frontierCsv(series, axis, judged)}
    >
      {series.length > 0 || current ? (
        <div className={listed ? 'frontier listed' : 'frontier'}>
          <Boundary what="The chart"><Suspense fallback={<ChartPlaceholder text="Loading the chart…" />}>
            <FrontierChart
              label={`${title}. ${named.map((entry) => `${entry.label}${entry.precomputed ? ', precomputed' : ''}: ${entry.points.length} ${entry.points.length === 1 ? 'point' : 'points'}, ${measure.write(entry.points[0].value)} at the smallest`).join('; ')}${named.length < visible.length ? `; and ${visible.length - named.length} more in the list of methods` : ''}.`}
              series={visible}
              strong={strong}
              chosen={view.chosen}
              listed={listed}
              gap={gap}
              intact={intact}
              current={current}
              measure={measure}
              formatX={formatX}
              colourOf={colourOf}
            />
          </Suspense></Boundary>
          {listed && <FrontierList series={series} at={at} atLabel={at === undefined ? '' : formatX(at)} intact={intact} measure={measure} colourOf={(entry) => colours.get(entry.key)} />}
        </div>
      ) : (
        <ChartPlaceholder text={axis === 'latency' ? 'Latency is known of plans that were measured here.' : 'Every plan that is measured becomes a point here.'} />
      )}
    </ChartCard>
  );
}

/** While no plan is measured: what the best series says of its point nearest to half. */
function titleOfSeries(series: readonly FrontierSeries[], intact: SeriesPoint | undefined, axis: (typeof FRONTIER_AXES)[number], measure: Measure): string | undefined {
  if (!intact || series.length === 0) return undefined;
  const half = series[0].points.reduce((best, point) => (Math.abs(point.x - intact.x / 2) < Math.abs(best.x - intact.x / 2) ? point : best));
  return frontierTitle({ axis, left: half.x / intact.x, before: intact.value, after: half.value }, measure.yardstick);
}
