import { encodeSource } from '../datasets/sourceText.ts';
import type { Cost } from '../workers/protocol.ts';
import type { Experiment, FrontierAxis, FrontierPoint, Method } from './experiment.ts';
import { NO_RULES, type WidthRules } from '../pruning/widthRules.ts';
import { methodLabel } from './labels.ts';
import { methodKey, methodOf } from './method.ts';
import { hasRules, rulesKey, rulesLabel } from './rules.ts';
import { sourceLabel } from './sourceLabels.ts';
import { quality } from './yardstick.ts';

export interface SeriesPoint {
  /** In the axis's own unit: MACs, parameters or milliseconds. */
  readonly x: number;
  /** Accuracy, or agreement where the pictures are unlabelled; in [0, 1]. */
  readonly quality: number;
  readonly images: number;
}

export interface FrontierSeries {
  readonly key: string;
  readonly label: string;
  readonly method: Method;
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
 * under other rules is left out.
 */
export function frontierSeries(
  experiment: Pick<Experiment, 'sweepPoints' | 'history' | 'precomputed'>,
  axis: FrontierAxis,
  rules: WidthRules = NO_RULES,
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
    return [{ key: `precomputed ${key}`, label, method, precomputed: true, rules: '', source: '', points: distinct(points.map((point) => ({ x: axis === 'params' ? point.params : point.macs, quality: point.accuracy, images: point.images }))) }];
  });
  return [...measured, ...stored].sort((a, b) => bestFirst(a, b));
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
      ...(outcome.accuracy === undefined ? {} : { accuracy: outcome.accuracy }),
      agreement: outcome.agreement,
      images: outcome.images,
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
  return x === undefined ? [] : [{ x, quality: quality(point), images: point.images }];
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

function bestFirst(a: FrontierSeries, b: FrontierSeries): number {
  const mean = ({ points }: FrontierSeries) => points.reduce((sum, point) => sum + point.quality, 0) / points.length;
  return mean(b) - mean(a);
}
