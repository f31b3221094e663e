import { toCsv } from '../../../lab/csv.ts';
import { seconds, whole } from '../../../lab/format.ts';
import { listed } from '../../../lab/unlearning/classNames.ts';
import { pointsBetween, share } from '../../../lab/unlearning/findings.ts';
import { methodLabel } from '../../../lab/unlearning/methods.ts';
import { comparisonTable } from '../../../lab/unlearning/tables.ts';
import { sameClasses, shownOutcome, type ForgetOutcome } from '../../../lab/unlearning/unlearningState.ts';
import { download } from '../../download.ts';
import { useClassNames } from './useClassNames.ts';
import { useForgetting, useUnlearning } from './useUnlearning.ts';

/** Everything that was tried on the same classes, side by side. */
export function MethodsCard() {
  const unlearning = useUnlearning();
  const names = useClassNames();
  const outcomes = useForgetting((state) => state.outcomes);
  const shown = useForgetting((state) => state.shown);
  const current = shownOutcome({ outcomes, ...(shown === undefined ? {} : { shown }) });
  const classes = current?.report.settings.classes;
  if (!classes) return null;
  const alike = outcomes.filter(({ report }) => sameClasses(report.settings.classes, classes));
  const others = outcomes.filter((outcome) => !alike.includes(outcome));
  const csv = () => {
    const { header, rows } = comparisonTable(alike.map(({ report }) => report));
    return toCsv(header, rows);
  };
  return (
    <section className="panel chart-card methods" aria-label="Methods side by side">
      <div className="chart-head">
        <h2>{compared(alike, listed(classes, names))}</h2>
        <div className="chart-tools">
          <button type="button" className="small" aria-label="Save Methods side by side as CSV" onClick={() => download('forgetting.csv', csv(), 'text/csv')}>
            CSV
          </button>
        </div>
      </div>
      {/* A scrolling table must take the keyboard's focus to be scrolled by it. */}
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
      <section className="table-view" aria-label="Methods side by side, the table" tabIndex={0}>
        <table>
          <caption className="sr-only">What each method left of {listed(classes, names)}</caption>
          <thead>
            <tr>
              <th scope="col">method</th>
              <th scope="col">forget</th>
              <th scope="col">retain</th>
              <th scope="col">points</th>
              <th scope="col" title="By a ridge probe on the features">regained</th>
              <th scope="col" title="Membership inference: the share of the class’s training pictures taken for never seen">unseen</th>
              <th scope="col">gradient steps</th>
              <th scope="col">time</th>
              <th scope="col">images</th>
            </tr>
          </thead>
          <tbody>
            {alike.map(({ id, report, report: { measures, recoverability, membership, gradientSteps, milliseconds } }) => (
              <tr key={id} aria-current={id === shown ? 'true' : undefined}>
                <th scope="row">
                  <button type="button" className="link" onClick={() => unlearning.show(id)}>
                    {methodLabel(report)}
                  </button>
                </th>
                <td>{share(measures.after.forget)}</td>
                <td>{share(measures.after.retain)}</td>
                <td>{pointsBetween(measures.before.retain, measures.after.retain)}</td>
                <td>{share(recoverability?.after, 0)}</td>
                <td>{share(membership?.after, 0)}</td>
                <td>{whole(gradientSteps)}</td>
                <td>{seconds(milliseconds / 1000)}</td>
                <td>{whole(measures.images)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
      {others.length > 0 && (
        <p className="hint">
          Also here:{' '}
          {others.map(({ id, report }, at) => (
            <span key={id}>
              {at > 0 && ', '}
              <button type="button" className="link" onClick={() => unlearning.show(id)}>
                {report.settings.classes.length === 0 ? 'fine-tuned' : `without ${listed(report.settings.classes, names)}`}
              </button>
            </span>
          ))}
        </p>
      )}
    </section>
  );
}

function compared(outcomes: readonly ForgetOutcome[], classes: string): string {
  const [best] = outcomes
    .filter(({ report: { measures: { after } } }) => after.forget !== undefined && after.forget <= 0.005)
    .toSorted((a, b) => (b.report.measures.after.retain ?? 0) - (a.report.measures.after.retain ?? 0));
  if (outcomes.length === 1) return 'One way was tried so far';
  if (!best) return `None of ${outcomes.length} ways forgets ${classes}`;
  return `Of ${outcomes.length} ways to forget ${classes}, ${methodLabel(best.report)} keeps most of the rest`;
}
