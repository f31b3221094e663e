import { percent, whole } from '../../../lab/format.ts';
import { JobLine } from '../../controls/JobLine.tsx';
import { useExperiment } from '../../LabContext.tsx';
import { useLanguage, useWritten } from './useLanguage.ts';

/** Multiple-choice items cut from the held-out text: how many are answered rightly, before and after. */
export function ClozeCard() {
  const language = useLanguage();
  const items = useExperiment((experiment) => experiment.dataset?.text?.cloze ?? 0);
  const ready = useExperiment((experiment) => experiment.engine === 'ready' && experiment.dataset?.text !== undefined);
  const plan = useExperiment((experiment) => experiment.result?.plan);
  const job = useExperiment((experiment) => experiment.jobs.find(({ kind }) => kind === 'cloze'));
  const cloze = useWritten((state) => state.cloze);
  const failure = useWritten((state) => state.clozeFailure);
  if (items === 0) return <p className="hint">Multiple-choice items come with the shipped text alone.</p>;
  const chance = cloze && percent(cloze.intact.chance, 0);
  const known = cloze?.pruned !== undefined && cloze.plan === plan;
  return (
    <section className="cloze" aria-label="Multiple choice">
      <h3 className="panel-head">
        Multiple choice
        {!job && !known && (
          <button type="button" className="small" disabled={!ready || (cloze !== undefined && !plan)} onClick={() => void language.measureCloze()}>
            Measure
          </button>
        )}
      </h3>
      {job && <JobLine job={job} cancelLabel="Stop" />}
      {!cloze && <p className="hint">{whole(items)} gaps cut from the held-out text by a script, each with a few words to choose from; the likeliest of them counts.</p>}
      {cloze && (
        <table className="before-after" aria-label="Items answered rightly" data-stale={!known}>
          <thead>
            <tr>
              <th scope="col">{whole(cloze.intact.items)} items</th>
              <th scope="col">intact</th>
              <th scope="col">pruned</th>
            </tr>
          </thead>
          <tbody>
            <tr>
              <th scope="row">right, {chance} by chance</th>
              <td>{percent(cloze.intact.accuracy)}</td>
              <td className="from-run">{cloze.pruned ? percent(cloze.pruned.accuracy) : '–'}</td>
            </tr>
          </tbody>
        </table>
      )}
      {failure !== undefined && (
        <p className="failure" role="alert">
          They could not be answered: {failure}
        </p>
      )}
    </section>
  );
}
