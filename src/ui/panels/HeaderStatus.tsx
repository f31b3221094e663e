import { isSettled } from '../../lab/calibration.ts';
import { nothingToPrune, type Experiment } from '../../lab/experiment.ts';
import { seconds, whole } from '../../lab/format.ts';
import { JobLine } from '../controls/JobLine.tsx';
import { useExperiment } from '../LabContext.tsx';

const SHOWN_HERE = new Set(['model', 'data', 'calibration', 'intact']);
/** Where nothing of those runs. */
const BESIDE = new Set(['invert', 'keepModel', 'keepData']);

/** What the lab is busy with, or how far its scores go. */
export function HeaderStatus() {
  const jobs = useExperiment((experiment) => experiment.jobs);
  const calibration = useExperiment((experiment) => experiment.calibration);
  const engine = useExperiment((experiment) => experiment.engine);
  const job = jobs.find(({ kind }) => SHOWN_HERE.has(kind)) ?? jobs.find(({ kind }) => BESIDE.has(kind));
  const stuck = useExperiment(nothingToPrune);
  const idle = stuck && engine === 'ready' ? 'Nothing in this network can be cut' : idleText(calibration, engine);
  return (
    <div className="status">
      {job ? <JobLine job={job} /> : <span className="mute">{idle}</span>}
      {job?.kind === 'calibration' && isSettled(calibration) && <span className="tag">settled</span>}
      <output className="sr-only">{job ? `${job.label}…` : idle}</output>
    </div>
  );
}

function idleText({ status, update, summary }: Experiment['calibration'], engine: Experiment['engine']): string {
  if (engine === 'starting' || engine === 'off') return 'Starting the engine…';
  if (engine === 'restarting') return 'Starting the engine again…';
  if (engine === 'failed') return 'The engine is not running';
  if (!update) return 'Not scored yet';
  if (status === 'done') return `Scored ${whole(update.images)} of ${whole(update.total)}${summary ? ` · ${seconds(summary.seconds)}` : ''}`;
  return `Stopped at ${whole(update.images)} of ${whole(update.total)}`;
}
