import type { Job } from '../../lab/experiment.ts';
import { bytes, rate, seconds, whole } from '../../lab/format.ts';
import { useLab } from '../LabContext.tsx';

/** One job: what it does, how far it is, and a way to stop it. */
export function JobLine({ job, cancelLabel = 'Cancel' }: { readonly job: Job; readonly cancelLabel?: string }) {
  const lab = useLab();
  const { label, progress } = job;
  const inBytes = job.kind === 'model' || job.kind === 'keepModel' || job.kind === 'keepData';
  const amount = inBytes ? bytes : whole;
  const known = progress && progress.total > 0 ? progress : undefined;
  return (
    <div className="job">
      <span className="job-text">
        {label}
        {known && ` ${amount(known.done)} of ${amount(known.total)}`}
        {known && !inBytes && known.rate > 0 && known.done < known.total && (
          <span className="mute">
            {' '}
            · {rate(known.rate)} · {seconds(known.secondsLeft)} left
          </span>
        )}
      </span>
      <progress aria-label={label} max={known?.total} value={known?.done} />
      <button type="button" className="small" onClick={() => lab.cancel(job.id)}>
        {cancelLabel}
      </button>
    </div>
  );
}
