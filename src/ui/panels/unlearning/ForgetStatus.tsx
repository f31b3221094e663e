import { headline } from '../../../lab/unlearning/findings.ts';
import { METHOD_LABELS, methodLabel } from '../../../lab/unlearning/methods.ts';
import type { ForgetOutcome } from '../../../lab/unlearning/unlearningState.ts';
import { whole } from '../../../lab/format.ts';
import type { JobKind } from '../../../lab/experiment.ts';
import type { ForgetMethod } from '../../../unlearning/forgetMethod.ts';
import { JobLine } from '../../controls/JobLine.tsx';
import { useExperiment } from '../../LabContext.tsx';
import { useClassNames } from './useClassNames.ts';
import { useForgetting } from './useUnlearning.ts';

const KINDS: readonly JobKind[] = ['forget', 'forgetTest'];

/** What came out, what runs, and what went wrong. */
export function ForgetStatus({ outcome }: { readonly outcome: ForgetOutcome | undefined }) {
  const names = useClassNames();
  const jobs = useExperiment((experiment) => experiment.jobs);
  const failures = useForgetting((state) => state.failures);
  const running = jobs.filter(({ kind }) => KINDS.includes(kind));
  const report = outcome?.report;
  return (
    <section className="forget-status" aria-label="What came out">
      <output>
        <h3>{report ? headline(report, names) : 'Choose a class, and press Forget'}</h3>
        {report ? (
          <p className="hint">
            {methodLabel(report)} · {report.gradientSteps === 0 ? 'no gradient step' : `${whole(report.gradientSteps)} gradient steps`} · {whole(report.measures.images)} test images ·{' '}
            {report.pictures.forget} forget and {report.pictures.retain} retain training pictures
            {report.pictures.by === 'prediction' && ', told apart by the network itself, for they have no labels'}
            {report.measures.truth === 'intact' && '; right is what the intact network says'}
          </p>
        ) : (
          <p className="hint">The channels that carry it leave the last layers, and what stays is refitted in closed form: no gradient step, a few seconds.</p>
        )}
      </output>
      {running.map((job) => (
        <JobLine key={job.id} job={job} />
      ))}
      {(Object.entries(failures) as [ForgetMethod, string][]).map(([method, text]) => (
        <p key={method} className="failure" role="alert">
          {METHOD_LABELS[method]}: {text}
        </p>
      ))}
    </section>
  );
}
