import { toCsv } from '../../../lab/csv.ts';
import { whole } from '../../../lab/format.ts';
import { confusionTitle } from '../../../lab/unlearning/findings.ts';
import { confusionTable } from '../../../lab/unlearning/tables.ts';
import type { ForgettingReport } from '../../../unlearning/forgettingReport.ts';
import { DataTable } from '../../charts/DataTable.tsx';
import { ConfusionMap } from '../../charts/unlearning/ConfusionMap.tsx';
import { useClassNames } from './useClassNames.ts';
import { useState } from 'react';
import { download } from '../../download.ts';

const SIDES = ['before', 'after'] as const;

/** What each class is taken for, before and after. */
export function ConfusionCard({ report }: { readonly report: ForgettingReport }) {
  const names = useClassNames();
  const [asTable, setAsTable] = useState(false);
  const { measures, settings: { classes } } = report;
  const title = confusionTitle(report, names);
  const tables = Object.fromEntries(SIDES.map((side) => [side, confusionTable(measures[side], names, measures.truth)])) as Readonly<Record<(typeof SIDES)[number], ReturnType<typeof confusionTable>>>;
  const csv = () => toCsv(['network', ...tables.before.header], SIDES.flatMap((side) => tables[side].rows.map((row) => [side, ...row])));
  return (
    <section className="panel chart-card confusion" aria-label="Confusion matrix">
      <div className="chart-head">
        <h2>{title}</h2>
        <div className="chart-tools">
          <button type="button" className="small" aria-pressed={asTable} aria-label="Confusion matrix as a table" onClick={() => setAsTable(!asTable)}>
            Table
          </button>
          <button type="button" className="small" aria-label="Save Confusion matrix as CSV" onClick={() => download('confusion.csv', csv(), 'text/csv')}>
            CSV
          </button>
        </div>
      </div>
      <div className="subtitle">
        {whole(measures.images)} test pictures. A row is what is shown{measures.truth === 'intact' && ', as the intact network has it (the pictures have no labels)'}, a column what it is taken for; the forgotten row is framed.
      </div>
      <div className="confusion-pair">
        {SIDES.map((side) => (
          <figure key={side}>
            <figcaption>{side === 'before' ? 'before' : 'now'}</figcaption>
            {asTable ? (
              // A scrolling table must take the keyboard's focus to be scrolled by it.
              // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
              <section className="table-view" aria-label={`Confusion matrix ${side}, as a table`} tabIndex={0}>
                <DataTable caption={`Confusion matrix ${side}`} table={tables[side]} />
              </section>
            ) : (
              <div className="confusion-frame">
                <ol aria-hidden="true">
                  {names.map((name) => (
                    <li key={name}>{name}</li>
                  ))}
                </ol>
                <ConfusionMap confusion={measures[side].confusion} forgotten={classes} label={`Confusion matrix ${side}; its table has the numbers.`} />
              </div>
            )}
          </figure>
        ))}
      </div>
    </section>
  );
}
