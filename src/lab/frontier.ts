import { encodeSource } from '../datasets/sourceText.ts';
import type { Cost } from '../workers/protocol.ts';
import { TRANSFORM_RULES, type Transform } from '../pruning/transforms.ts';
import type { Experiment, FrontierAxis, FrontierPoint, Method, TransformPoint } from './experiment.ts';
import { NO_RULES, type WidthRules } from '../pruning/widthRules.ts';
import { methodLabel } from './labels.ts';
import { between, gain, MEASURES, type Measure } from './measure.ts';
import { methodKey, methodOf } from './method.ts';
import { qualityOf } from './outcome.ts';
import { hasRules, rulesKey, rulesLabel } from './rules.ts';
import { sourceLabel } from './sourceLabels.ts';
import { quality } from './yardstick.ts';

export interface SeriesPoint {
  /** In the axis's own unit: MACs, parameters or milliseconds. */
  readonly x: number;
  /** What the plan is judged by, in the measure's own unit. */
  readonly value: number;
  readonly images: number;
}

export interface FrontierSeries {
  readonly key: string;
  readonly label: string;
  /** Absent: a transform, which chooses no channels. */
  readonly method?: Method;
  readonly transform?: Transform;
  readonly precomputed: boolean;
  /** The rules that it was measured under, in words; empty: none. */
  readonly rules: string;
  /** What the calibration pictures were drawn from, in words; empty: the open pictures. */
  readonly source: string;
  /** Ascending in x. */
  readonly points: readonly SeriesPoint[];
}

/**
 * One series for each method that was measured here without rules, one for each under the `rules` of now,
 * both again for every other source of calibration pictures, and one for each precomputed method that was not measured at as many points yet. What was measured
 * under other rules is left out. The best by `measure` come first.
 */
export function frontierSeries(
  experiment: Pick<Experiment, 'sweepPoints' | 'history' | 'precomputed'> & Partial<Pick<Experiment, 'transformPoints'>>,
  axis: FrontierAxis,
  rules: WidthRules = NO_RULES,
  measure: Measure = MEASURES.accuracy,
): readonly FrontierSeries[] {
  const live = new Map<string, FrontierPoint[]>();
  for (const point of measuredPoints(experiment)) {
    if (point.rules && rulesKey(point.rules) !== rulesKey(rules)) continue;
    const source = encodeSource(point.source);
    const key = `${methodKey(point)}${point.rules ? ' under rules' : ''}${source && ` from ${source}`}`;
    live.set(key, [...(live.get(key) ?? []), point]);
  }
  const measured = [...live].flatMap(([key, points]): FrontierSeries[] => {
    const series = points.flatMap((point) => seriesPoint(point, axis));
    const [first] = points;
    const source = sourceLabel(first.source);
    const label = `${methodLabel(first)}${first.rules ? ', under rules' : ''}${source && `, on ${source}`}`;
    return series.length === 0 ? [] : [{ key, label, method: methodOf(first), precomputed: false, rules: first.rules ? rulesLabel(first.rules) : '', source, points: distinct(series) }];
  });
  const stored = (axis === 'latency' ? [] : (experiment.precomputed?.frontier ?? [])).flatMap(({ method, points }): FrontierSeries[] => {
    const key = methodKey(method);
    if (points.length === 0 || (live.get(key)?.length ?? 0) >= points.length) return [];
    const label = methodLabel(method);
    return [{ key: `precomputed ${key}`, label, method, precomputed: true, rules: '', source: '', points: distinct(points.map((point) => ({ x: axis === 'params' ? point.params : point.macs, value: quality(point), images: point.images }))) }];
  });
  return [...measured, ...transformSeries(experiment.transformPoints ?? [], axis), ...stored].sort((a, b) => gain(measure, mean(measure, b), mean(measure, a)));
}

/** One series for each transform and source of calibration pictures; how long their networks take is not measured. */
function transformSeries(points: readonly TransformPoint[], axis: FrontierAxis): readonly FrontierSeries[] {
  if (axis === 'latency') return [];
  const byKey = new Map<string, TransformPoint[]>();
  for (const point of points) {
    const key = `${point.transform} from ${encodeSource(point.source)}`;
    byKey.set(key, [...(byKey.get(key) ?? []), point]);
  }
  return [...byKey].map(([key, of]): FrontierSeries => {
    const [{ transform, source }] = of;
    const on = sourceLabel(source);
    const measured = distinct(of.map((point) => ({ x: point[axis], value: quality(point), images: point.images })));
    return { key, label: TRANSFORM_RULES[transform].label + (on && `, on ${on}`), transform, precomputed: false, rules: '', source: on, points: measured };
  });
}

/** Equal for series that come of the same method or transform. */
export function kindOfSeries({ method, transform }: FrontierSeries): string {
  return method ? methodKey(method) : String(transform);
}

/** Every measured plan without hand-made choices, from sweeps and from the history. */
export function measuredPoints({ sweepPoints, history }: Pick<Experiment, 'sweepPoints' | 'history'>): readonly FrontierPoint[] {
  const tried = history.nodes
    .filter(({ settings }) => Object.values(settings.pins).every((channels) => Object.keys(channels).length === 0))
    .map(({ settings: { request, images, source }, cost, outcome }): FrontierPoint => ({
      ...methodOf(request),
      target: request.target,
      macs: cost.macs,
      params: cost.params,
      ...qualityOf(outcome),
      ...(outcome.latency === undefined ? {} : { latency: outcome.latency }),
      seed: request.seed,
      calibrationImages: images,
      ...(source ? { source } : {}),
      ...(hasRules(request.rules) ? { rules: request.rules } : {}),
    }));
  return [...sweepPoints, ...tried];
}

/** Where a plan stands on the axis; undefined for a latency that was not measured. */
export function axisValue(axis: FrontierAxis, cost: Pick<Cost, 'macs' | 'params'>, latency?: number): number | undefined {
  return axis === 'latency' ? latency : cost[axis];
}

function seriesPoint(point: FrontierPoint, axis: FrontierAxis): SeriesPoint[] {
  const x = axisValue(axis, point, point.latency);
  return x === undefined ? [] : [{ x, value: quality(point), images: point.images }];
}

/** Ascending; of equal x the one on most images. */
function distinct(points: readonly SeriesPoint[]): readonly SeriesPoint[] {
  const byX = new Map<number, SeriesPoint>();
  for (const point of points) {
    const known = byX.get(point.x);
    if (!known || point.images >= known.images) byX.set(point.x, point);
  }
  return [...byX.values()].sort((a, b) => a.x - b.x);
}

/** Of a series, so that equal distances on the axis count alike. */
function mean(measure: Measure, { points }: FrontierSeries): number {
  return points.reduce((so, { value }, i) => between(measure, so, value, 1 / (i + 1)), points[0].value);
}
