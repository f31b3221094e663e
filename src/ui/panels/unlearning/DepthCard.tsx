import { percent } from '../../../lab/format.ts';
import { depthTitle } from '../../../lab/unlearning/findings.ts';
import type { BeforeAfter, ForgettingReport } from '../../../unlearning/forgettingReport.ts';
import { retrainedWithout } from '../../../lab/unlearning/retrained.ts';
import { useClassNames } from './useClassNames.ts';
import { useForgetting } from './useUnlearning.ts';

/** How much of the class could be regained. */
export function DepthCard({ report }: { readonly report: ForgettingReport }) {
  const names = useClassNames();
  const { recoverability, membership, settings: { classes } } = report;
  const retrained = useForgetting((state) => retrainedWithout(state.retrained, classes));
  return (
    <section className="panel chart-card" aria-label="How deep?">
      <div className="chart-head">
        <h2>{depthTitle(report, names, retrained?.recoverability)}</h2>
      </div>
      {recoverability && (
        <>
          <Bars what="regained by a probe" of={recoverability} reference={retrained?.recoverability} />
          <p className="hint">
            A ridge probe: a linear classifier, fitted in closed form on what the last layer reads, from 32 labelled pictures of every class. What it still finds is in the features, however little the network says of it.
            {!retrained && ' No network was trained without the class to compare with here; such a one, too, leaves some of it in the features.'}
          </p>
        </>
      )}
      {membership && (
        <>
          <Bars what="taken for never seen" of={membership} reference={retrained?.membership} />
          <p className="hint">Membership inference: the share of the class’s training pictures that an attacker, who sees the network’s confidence alone, takes for pictures that it was never trained on.</p>
        </>
      )}
    </section>
  );
}

function Bars({ what, of, reference }: { readonly what: string; readonly of: BeforeAfter; readonly reference: number | undefined }) {
  const rows = [['before', of.before], ['now', of.after], ...(reference === undefined ? [] : [['trained without it', reference] as const])] as const;
  return (
    <table className="destinations">
      <caption>{what}</caption>
      <tbody>
        {rows.map(([name, value]) => (
          <tr key={name}>
            <th scope="row">{name}</th>
            <td>
              <span className="bar-cell">
                {percent(value)}
                <svg viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">
                  <rect className="bar-back" width="100" height="8" />
                  <rect className="bar" width={100 * value} height="8" />
                </svg>
              </span>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
