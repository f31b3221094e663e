import { lazy, Suspense, useState } from 'react';
import { pointsLeft } from '../../lab/sweepSteps.ts';
import { Boundary } from '../controls/Boundary.tsx';
import { JobLine } from '../controls/JobLine.tsx';
import { useExperiment, useLab } from '../LabContext.tsx';

const SweepDialog = lazy(() => import('./SweepDialog.tsx').then((module) => ({ default: module.SweepDialog })));

/** Measures whole methods at many targets, in the background. */
export function SweepControl() {
  const lab = useLab();
  const [open, setOpen] = useState(false);
  const job = useExperiment((experiment) => experiment.jobs.find(({ kind }) => kind === 'sweep'));
  const ready = useExperiment((experiment) => experiment.calibration.status === 'done' && experiment.engine === 'ready');
  const left = useExperiment((experiment) => (experiment.pendingSweep ? pointsLeft(experiment, experiment.pendingSweep) : 0));
  if (job) return <JobLine job={job} cancelLabel="Cancel sweep" />;
  return (
    <>
      {left > 0 && (
        <>
          <button type="button" className="small" disabled={!ready} onClick={() => void lab.sweep()}>
            Go on: {left} {left === 1 ? 'point' : 'points'} left
          </button>
          <button type="button" className="small" aria-label="Give up the sweep" onClick={() => lab.dropSweep()}>
            ✕
          </button>
        </>
      )}
      <button type="button" className="pick" aria-haspopup="dialog" onClick={() => setOpen(true)}>
        Measure
      </button>
      {open && (
        <Boundary what="The form"><Suspense>
          <SweepDialog ready={ready} onClose={() => setOpen(false)} />
        </Suspense></Boundary>
      )}
    </>
  );
}
