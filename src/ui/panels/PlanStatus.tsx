import { nothingToPrune, type Experiment, type JobKind } from '../../lab/experiment.ts';
import { whole } from '../../lab/format.ts';
import { shownOutcome, type ShownOutcome } from '../../lab/outcome.ts';
import { JobLine } from '../controls/JobLine.tsx';
import { useExperiment } from '../LabContext.tsx';

/** The first of them that runs; what the plan waits for comes first. */
const SHOWN_HERE: readonly JobKind[] = ['rank', 'theory:localGlobal', 'plan', 'refine'];
const CANCEL: Partial<Record<JobKind, string>> = { rank: 'Cancel scoring', plan: 'Cancel plan', refine: 'Cancel refinement' };

/** Which plan the numbers below belong to, and what is being measured meanwhile. */
export function PlanStatus() {
  const jobs = useExperiment((experiment) => experiment.jobs);
  const request = useExperiment((experiment) => experiment.request);
  const text = useExperiment((experiment) => describe(shownOutcome(experiment), experiment));
  const job = SHOWN_HERE.flatMap((kind) => jobs.find((shown) => shown.kind === kind) ?? []).at(0);
  return (
    <div className="plan-status">
      <output data-testid="plan-shown">
        {text}
        {request.order === 'sequential' && request.compensate !== 'none' && text.startsWith('One-shot') && job?.kind === 'plan' && '; the sequential one follows'}
      </output>
      {job && <JobLine job={job} cancelLabel={CANCEL[job.kind] ?? 'Cancel'} />}
    </div>
  );
}

function describe({ shown, outcome }: ShownOutcome, experiment: Experiment): string {
  const { model, engine, calibration, dataset } = experiment;
  if (nothingToPrune(experiment)) return 'Nothing in this network can be cut, so there is no plan to measure.';
  const on = outcome ? `, ${whole(outcome.images)} test ${dataset?.text ? 'windows' : 'images'}` : '';
  switch (shown) {
    case 'oneShot':
      return `One-shot plan${on}`;
    case 'sequential':
      return `Sequential plan${on}`;
    case 'saved':
      return `From the history${on}`;
    case 'stale':
      return `Numbers of the plan before${on}`;
    case 'none':
      if (engine === 'failed') return 'Nothing can be measured: the engine is not running.';
      if (!model.loaded) return 'This plan is measured once the model is loaded.';
      return calibration.status === 'running' ? 'This plan is measured once the network is scored.' : 'This plan is not measured yet.';
  }
}
