import type { GroupFidelity } from '../workers/protocol.ts';
import type { Keep } from './experiment.ts';
import type { FrontierSeries } from './frontier.ts';
import { needsOf } from './access.ts';
import type { Yardstick } from './yardstick.ts';

/** RFC 4180: CRLF between records, quotes where a cell needs them. */
export function toCsv(header: readonly string[], rows: readonly (readonly (string | number | undefined)[])[]): string {
  return [header, ...rows].map((row) => row.map(cell).join(',')).join('\r\n') + '\r\n';
}

/** One record a channel: its group, its singleton fidelity and whether the plan keeps it. */
export function scoresCsv(groups: readonly GroupFidelity[], keep?: Keep): string {
  return toCsv(
    ['group', 'channel', 'singleton_fidelity', 'kept'],
    groups.flatMap(({ name, singleton }) => {
      const kept = new Set(keep?.[name]);
      return singleton.map((score, channel) => [name, channel, score, keep ? Number(kept.has(channel)) : undefined]);
    }),
  );
}

export function frontierCsv(series: readonly FrontierSeries[], axis: string, yardstick: Yardstick = 'accuracy'): string {
  const shows = yardstick === 'perplexity' ? 'text' : 'pictures';
  return toCsv(
    ['select', 'compensate', 'order', 'allocate', 'renorm', 'needs', axis, yardstick, shows === 'text' ? 'windows' : 'images', 'source', 'rules', 'calibrated_on'],
    series.flatMap(({ method, transform, points, precomputed, rules, source }) =>
      points.map(({ x, value, images }) => [...(method ? [method.select, method.compensate, method.order, method.allocate, method.renorm ? 'yes' : 'no'] : [transform, '', '', '', '']), needsOf({ method, transform }, shows), x, value, images, precomputed ? 'precomputed' : 'measured here', rules, source || (shows === 'text' ? 'text' : 'real pictures')]),
    ),
  );
}

function cell(value: string | number | undefined): string {
  const text = value === undefined ? '' : String(value);
  // A text that a spreadsheet would run as a formula is kept a text.
  const safe = typeof value === 'string' && /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
