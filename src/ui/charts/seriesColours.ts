import type { Method } from '../../lab/experiment.ts';
import type { FrontierSeries } from '../../lab/frontier.ts';
import { methodKey } from '../../lab/method.ts';

const COLOURS = 6;

/**
 * A colour for each of a few series: the one that its method usually has, else one that is free. Both
 * orders of a method, and what was measured of it elsewhere, share theirs; dashes tell them apart. On other
 * calibration pictures a method has a colour of its own.
 */
export function seriesColours(series: readonly FrontierSeries[]): ReadonlyMap<string, string> {
  const kinds = [...new Map(series.map((entry) => [kindOf(entry), entry]))];
  const taken = new Map<string, number>();
  const used = () => new Set(taken.values());
  for (const [kind, { method, source }] of kinds) {
    const usual = method && usualColour(method);
    if (source === '' && usual !== undefined && !used().has(usual)) taken.set(kind, usual);
  }
  for (const [kind] of kinds) {
    if (taken.has(kind)) continue;
    const free = Array.from({ length: COLOURS }, (_, i) => i + 1).find((colour) => !used().has(colour));
    taken.set(kind, free ?? 1 + (taken.size % COLOURS));
  }
  return new Map(series.map((entry) => [entry.key, `var(--series-${taken.get(kindOf(entry)) ?? 1})`]));
}

function kindOf({ method, transform, source }: FrontierSeries): string {
  return `${method ? methodKey({ ...method, order: 'sequential' }) : String(transform)} ${source}`;
}

function usualColour({ select, compensate }: Method): number | undefined {
  if (select === 'singleton') return { leastSquares: 1, leastSquaresBias: undefined, leastSquaresRelu: undefined, scale: 2, none: 3 }[compensate];
  if (select === 'l1') return 4;
  if (select === 'l2') return 5;
  return select === 'random' ? 6 : undefined;
}
