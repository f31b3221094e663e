import type { Order } from '../pruning/pruneRequest.ts';
import type { Method } from './experiment.ts';
import type { FrontierSeries, SeriesPoint } from './frontier.ts';
import { methodKey } from './method.ts';

/** As many series as can be told apart by colour and by their names on the lines. */
export const MOST_NAMED = 6;
const BEST = 3;

/** The series' points in ascending x, up to the intact network where it costs more than they do. */
export function pathOf({ points }: FrontierSeries, intact?: SeriesPoint): readonly SeriesPoint[] {
  return intact && points.every(({ x }) => x < intact.x) ? [...points, intact] : points;
}

/** Between two points by the straight line that the chart draws; undefined where the series does not reach. */
export function qualityAt(path: readonly SeriesPoint[], x: number): number | undefined {
  const above = path.findIndex((point) => point.x >= x);
  if (above < 0) return undefined;
  const high = path[above];
  if (high.x === x) return high.quality;
  if (above === 0) return undefined;
  const low = path[above - 1];
  return low.quality + ((x - low.x) / (high.x - low.x)) * (high.quality - low.quality);
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
export function emphasised(series: readonly FrontierSeries[], { chosen, current, source = '', x, intact }: Emphasis): ReadonlySet<string> {
  if (series.length <= MOST_NAMED) return new Set(series.map(({ key }) => key));
  const own = methodKey(current);
  const picked = series.find(({ key }) => key === chosen);
  const wanted = [picked, picked && otherOrder(series, picked), ...series.filter((entry) => !entry.precomputed && methodKey(entry.method) === own && (entry.source === source || entry.source === ''))];
  const ranked = series
    .map((entry) => ({ method: methodKey(entry.method), quality: (x === undefined ? undefined : qualityAt(pathOf(entry, intact), x)) ?? -1 }))
    .sort((a, b) => b.quality - a.quality);
  // what was measured here and on whatever pictures, and what was measured beforehand are one method
  const best = new Set([...new Set(ranked.map(({ method }) => method))].slice(0, BEST));
  return new Set([...wanted.flatMap((entry) => entry ?? []), ...series.filter(({ method }) => best.has(methodKey(method)))].map(({ key }) => key));
}

/** The same method in the other order, measured in the same place, under the same rules and on the same calibration pictures. */
export function otherOrder(series: readonly FrontierSeries[], { method, precomputed, rules, source, key }: FrontierSeries): FrontierSeries | undefined {
  const order: Order = method.order === 'oneShot' ? 'sequential' : 'oneShot';
  const wanted = methodKey({ ...method, order });
  return series.find((entry) => entry.key !== key && entry.precomputed === precomputed && entry.rules === rules && entry.source === source && methodKey(entry.method) === wanted);
}

/** Ascending in x, over what both series reach; ends lie where the shorter of them ends. */
export interface OrderGap {
  readonly points: readonly { readonly x: number; readonly oneShot: number; readonly sequential: number }[];
  readonly method: Method;
}

/** How far one-shot and sequential compensation of the chosen method lie apart; undefined where not both are there. */
export function orderGap(series: readonly FrontierSeries[], chosen: string | undefined, intact?: SeriesPoint): OrderGap | undefined {
  const picked = series.find(({ key }) => key === chosen);
  const other = picked && otherOrder(series, picked);
  if (!picked || !other) return undefined;
  const [oneShot, sequential] = (picked.method.order === 'oneShot' ? [picked, other] : [other, picked]).map((entry) => pathOf(entry, intact));
  const xs = [...new Set([...oneShot, ...sequential].map(({ x }) => x))].sort((a, b) => a - b);
  const points = xs.flatMap((x) => {
    const [a, b] = [qualityAt(oneShot, x), qualityAt(sequential, x)];
    return a === undefined || b === undefined ? [] : [{ x, oneShot: a, sequential: b }];
  });
  return points.length < 2 ? undefined : { points, method: picked.method };
}

/** The gap at `x`, or where it is greatest if both do not reach there; positive where sequential is better. */
export function gapAt({ points }: OrderGap, x: number | undefined): { readonly x: number; readonly gap: number } {
  const path = points.map((point) => ({ x: point.x, quality: point.sequential - point.oneShot, images: 0 }));
  const gap = x === undefined ? undefined : qualityAt(path, x);
  if (x !== undefined && gap !== undefined) return { x, gap };
  const widest = path.reduce((best, point) => (Math.abs(point.quality) > Math.abs(best.quality) ? point : best));
  return { x: widest.x, gap: widest.quality };
}
