import type { Order } from '../pruning/pruneRequest.ts';
import type { Method } from './experiment.ts';
import { kindOfSeries, type FrontierSeries, type SeriesPoint } from './frontier.ts';
import { between, gain, type Measure } from './measure.ts';
import { methodKey } from './method.ts';

/** As many series as can be told apart by colour and by their names on the lines. */
export const MOST_NAMED = 6;
const BEST = 3;

/** The series' points in ascending x, up to the intact network where it costs more than they do. */
export function pathOf({ points }: FrontierSeries, intact?: SeriesPoint): readonly SeriesPoint[] {
  return intact && points.every(({ x }) => x < intact.x) ? [...points, intact] : points;
}

/** Between two points by the straight line that the chart draws; undefined where the series does not reach. */
export function valueAt(path: readonly SeriesPoint[], x: number, measure: Measure): number | undefined {
  const above = path.findIndex((point) => point.x >= x);
  if (above < 0) return undefined;
  const high = path[above];
  if (high.x === x) return high.value;
  if (above === 0) return undefined;
  const low = path[above - 1];
  return between(measure, low.value, high.value, (x - low.x) / (high.x - low.x));
}

export interface Emphasis {
  /** The series that a person chose. */
  readonly chosen?: string;
  /** The method of the plan on screen. */
  readonly current: Method;
  /** What its calibration pictures were drawn from, as series say it; absent: the open pictures. */
  readonly source?: string;
  /** Where the series are compared, on the axis. */
  readonly x?: number;
  readonly intact?: SeriesPoint;
}

/**
 * Keys of the series that stand out: all where there are few, else the chosen one with its other
 * order, that of the plan on screen, and those of the best methods at `x`.
 */
export function emphasised(series: readonly FrontierSeries[], measure: Measure, { chosen, current, source = '', x, intact }: Emphasis): ReadonlySet<string> {
  if (series.length <= MOST_NAMED) return new Set(series.map(({ key }) => key));
  const own = methodKey(current);
  const picked = series.find(({ key }) => key === chosen);
  const wanted = [picked, picked && otherOrder(series, picked), ...series.filter((entry) => !entry.precomputed && kindOfSeries(entry) === own && (entry.source === source || entry.source === ''))];
  const ranked = series
    .map((entry) => ({ kind: kindOfSeries(entry), value: x === undefined ? undefined : valueAt(pathOf(entry, intact), x, measure) }))
    .sort((a, b) => worstLast(measure, a.value, b.value));
  // what was measured here and on whatever pictures, and what was measured beforehand are one method
  const best = new Set([...new Set(ranked.map(({ kind }) => kind))].slice(0, BEST));
  return new Set([...wanted.flatMap((entry) => entry ?? []), ...series.filter((entry) => best.has(kindOfSeries(entry)))].map(({ key }) => key));
}

/** Sorts the best first, and what is not known behind all. */
export function worstLast(measure: Measure, a: number | undefined, b: number | undefined): number {
  if (a === undefined || b === undefined) return Number(a === undefined) - Number(b === undefined);
  return gain(measure, b, a);
}

/** The same method in the other order, measured in the same place, under the same rules and on the same calibration pictures. */
export function otherOrder(series: readonly FrontierSeries[], { method, precomputed, rules, source, key }: FrontierSeries): FrontierSeries | undefined {
  if (!method) return undefined;
  const order: Order = method.order === 'oneShot' ? 'sequential' : 'oneShot';
  const wanted = methodKey({ ...method, order });
  return series.find((entry) => entry.key !== key && entry.precomputed === precomputed && entry.rules === rules && entry.source === source && kindOfSeries(entry) === wanted);
}

/** Ascending in x, over what both series reach; ends lie where the shorter of them ends. */
export interface OrderGap {
  readonly points: readonly { readonly x: number; readonly oneShot: number; readonly sequential: number }[];
  readonly method: Method;
}

/** How far one-shot and sequential compensation of the chosen method lie apart; undefined where not both are there. */
export function orderGap(series: readonly FrontierSeries[], measure: Measure, chosen: string | undefined, intact?: SeriesPoint): OrderGap | undefined {
  const picked = series.find(({ key }) => key === chosen);
  const other = picked && otherOrder(series, picked);
  if (!picked?.method || !other) return undefined;
  const { method } = picked;
  const [oneShot, sequential] = (method.order === 'oneShot' ? [picked, other] : [other, picked]).map((entry) => pathOf(entry, intact));
  const xs = [...new Set([...oneShot, ...sequential].map(({ x }) => x))].sort((a, b) => a - b);
  const points = xs.flatMap((x) => {
    const [a, b] = [valueAt(oneShot, x, measure), valueAt(sequential, x, measure)];
    return a === undefined || b === undefined ? [] : [{ x, oneShot: a, sequential: b }];
  });
  return points.length < 2 ? undefined : { points, method };
}

/** Both orders at `x`, or where they lie furthest apart if not both reach there. */
export function gapAt({ points }: OrderGap, measure: Measure, x: number | undefined): OrderGap['points'][number] {
  const at = (key: 'oneShot' | 'sequential') => (x === undefined ? undefined : valueAt(points.map((point) => ({ x: point.x, value: point[key], images: 0 })), x, measure));
  const [oneShot, sequential] = [at('oneShot'), at('sequential')];
  if (x !== undefined && oneShot !== undefined && sequential !== undefined) return { x, oneShot, sequential };
  const apart = (point: OrderGap['points'][number]) => Math.abs(gain(measure, point.sequential, point.oneShot));
  return points.reduce((best, point) => (apart(point) > apart(best) ? point : best));
}
