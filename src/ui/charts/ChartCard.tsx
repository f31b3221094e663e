import { useRef, useState, type ReactNode } from 'react';
import { download } from '../download.ts';
import { DataTable } from './DataTable.tsx';
import { saveSvg } from './saveSvg.ts';

export interface ChartTable {
  readonly header: readonly string[];
  readonly rows: readonly (readonly (string | number)[])[];
}

interface ChartCardProps {
  /** What the region is called. */
  readonly region: string;
  /** Names the chart's files. */
  readonly name: string;
  /** What the chart shows, in a sentence computed from its data. */
  readonly title: string;
  readonly subtitle: ReactNode;
  readonly table: ChartTable;
  readonly csv: () => string;
  /** Beside the title. */
  readonly tools?: ReactNode;
  readonly children: ReactNode;
}

/** A chart with its title, its data as a table, and ways to save both. */
export function ChartCard({ region, name, title, subtitle, table, csv, tools, children }: ChartCardProps) {
  const holder = useRef<HTMLElement>(null);
  const [asTable, setAsTable] = useState(false);
  const save = () => {
    const chart = holder.current?.querySelector<HTMLElement>('[data-chart]');
    if (chart) saveSvg(chart, name);
  };
  return (
    <section ref={holder} className="panel chart-card" aria-label={region}>
      <div className="chart-head">
        <h2>{title}</h2>
        <div className="chart-tools">
          {tools}
          <button type="button" className="small" aria-pressed={asTable} aria-label={`${region} as a table`} onClick={() => setAsTable(!asTable)}>
            Table
          </button>
          <button type="button" className="small" aria-label={`Save ${region} as SVG`} disabled={asTable} onClick={save}>
            SVG
          </button>
          <button type="button" className="small" aria-label={`Save ${region} as CSV`} onClick={() => download(`${name}.csv`, csv(), 'text/csv')}>
            CSV
          </button>
        </div>
      </div>
      <div className="subtitle">{subtitle}</div>
      {asTable ? (
        // A scrolling table must take the keyboard's focus to be scrolled by it.
        // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
        <section className="table-view" aria-label={`${title}, as a table`} tabIndex={0}>
          <DataTable caption={title} table={table} />
        </section>
      ) : (
        children
      )}
    </section>
  );
}
