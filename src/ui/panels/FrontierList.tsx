import { needsOf } from '../../lab/access.ts';
import type { FrontierSeries, SeriesPoint } from '../../lab/frontier.ts';
import type { Measure } from '../../lab/measure.ts';
import { pathOf, valueAt, worstLast } from '../../lab/seriesAt.ts';
import { useExperiment, useLab } from '../LabContext.tsx';

interface FrontierListProps {
  readonly series: readonly FrontierSeries[];
  /** Where the methods are compared. */
  readonly at?: number;
  readonly atLabel: string;
  readonly intact?: SeriesPoint;
  readonly measure: Measure;
  /** Undefined for a series that does not stand out. */
  readonly colourOf: (series: FrontierSeries) => string | undefined;
}

/** All methods, best first, with what they need; each can be highlighted on the chart, or hidden. */
export function FrontierList({ series, at, atLabel, intact, measure, colourOf }: FrontierListProps) {
  const lab = useLab();
  const { chosen, hidden } = useExperiment((experiment) => experiment.frontierView);
  const rows = series
    .map((entry) => ({ entry, value: at === undefined ? undefined : valueAt(pathOf(entry, intact), at, measure) }))
    .sort((a, b) => worstLast(measure, a.value, b.value));
  const toggle = (key: string) => lab.setFrontierView({ hidden: hidden.includes(key) ? hidden.filter((other) => other !== key) : [...hidden, key] });
  return (
    // A scrolling table must take the keyboard's focus to be scrolled by it.
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <section className="frontier-list" aria-label="Methods that were compared" tabIndex={0}>
      <table>
        <thead>
          <tr>
            <th scope="col">method</th>
            <th scope="col">{atLabel ? `${measure.short} at ${atLabel}` : measure.yardstick}</th>
          </tr>
        </thead>
        <tbody>
          {rows.map(({ entry, value }) => {
            const { key, label, method, precomputed } = entry;
            const name = precomputed ? `${label}, precomputed` : label;
            return (
              <tr key={key} data-chosen={key === chosen || undefined}>
                <th scope="row">
                  <div>
                    <input type="checkbox" aria-label={`Show ${name}`} checked={!hidden.includes(key)} onChange={() => toggle(key)} />
                    <button type="button" aria-pressed={key === chosen} aria-label={`Highlight ${name}`} onClick={() => lab.setFrontierView({ chosen: key === chosen ? undefined : key, hidden: hidden.filter((other) => other !== key) })}>
                      <span className="swatch" style={{ background: colourOf(entry) ?? 'var(--edge)' }} data-dashed={precomputed || undefined} data-dotted={(method?.order === 'oneShot' && method.compensate !== 'none') || undefined} />
                      {name}
                    </button>
                    <small>needs {needsOf(entry, measure.yardstick === 'perplexity' ? 'text' : 'pictures')}</small>
                  </div>
                </th>
                <td>{value === undefined ? '–' : measure.write(value)}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </section>
  );
}
