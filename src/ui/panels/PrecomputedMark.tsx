import { whole } from '../../lab/format.ts';
import { useExperiment } from '../LabContext.tsx';

/** Says so while the scores on screen were measured beforehand, on another machine. */
export function PrecomputedMark() {
  const precomputed = useExperiment((experiment) => (experiment.calibration.update ? undefined : experiment.precomputed));
  if (!precomputed) return null;
  return (
    <p className="tag" title={`${precomputed.backend}, ${whole(precomputed.images)} images, seed ${precomputed.seed}`}>
      precomputed on {precomputed.machine}
    </p>
  );
}
