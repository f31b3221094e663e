import { percent } from '../../lab/format.ts';
import { useExperiment } from '../LabContext.tsx';
import { useShownOutcome } from './useShownOutcome.ts';

/** Accuracy of each class before and after. */
export function PerClass() {
  const classes = useExperiment((experiment) => experiment.dataset?.classes);
  const before = useExperiment((experiment) => experiment.intact?.evaluation.perClass);
  const after = useShownOutcome().outcome?.perClass;
  if (!classes || !after || after.length === 0) return null;
  const worst = classes.map((name, i) => ({ name, lost: share(before?.[i]) - share(after[i]) })).reduce((a, b) => (b.lost > a.lost ? b : a));
  return (
    <details className="per-class">
      <summary>
        Per class{before && worst.lost > 0 && <span className="mute"> · most is lost on {worst.name}</span>}
      </summary>
      <table>
        <thead>
          <tr>
            <th scope="col">class</th>
            <th scope="col">intact</th>
            <th scope="col">pruned</th>
          </tr>
        </thead>
        <tbody>
          {classes.map((name, i) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              <td>{before?.[i] ? percent(share(before[i]), 0) : '–'}</td>
              <td className="bar-cell">
                {percent(share(after[i]), 0)}
                <svg viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">
                  <rect className="bar-back" width={100 * share(before?.[i])} height="8" />
                  <rect className="bar" width={100 * share(after[i])} height="8" />
                </svg>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </details>
  );
}

function share(counted: { readonly correct: number; readonly total: number } | undefined): number {
  return counted && counted.total > 0 ? counted.correct / counted.total : 0;
}
