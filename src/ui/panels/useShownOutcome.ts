import { useMemo } from 'react';
import { shownOutcome, type ShownOutcome } from '../../lab/outcome.ts';
import { useExperiment } from '../LabContext.tsx';

/** The numbers to show for the plan on screen, and which plan's they are. */
export function useShownOutcome(): ShownOutcome {
  const result = useExperiment((experiment) => experiment.result);
  const planKey = useExperiment((experiment) => experiment.planKey);
  const history = useExperiment((experiment) => experiment.history);
  const request = useExperiment((experiment) => experiment.request);
  const pins = useExperiment((experiment) => experiment.pins);
  const calibration = useExperiment((experiment) => experiment.calibration);
  return useMemo(() => shownOutcome({ result, planKey, history, request, pins, calibration }), [result, planKey, history, request, pins, calibration]);
}
