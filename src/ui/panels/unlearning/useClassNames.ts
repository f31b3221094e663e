import { useMemo } from 'react';
import { classNames } from '../../../lab/unlearning/classNames.ts';
import { useExperiment } from '../../LabContext.tsx';

/** What the open network's classes are called. */
export function useClassNames(): readonly string[] {
  const model = useExperiment((experiment) => experiment.model);
  const dataset = useExperiment((experiment) => experiment.dataset);
  return useMemo(() => classNames({ model, ...(dataset ? { dataset } : {}) }), [model, dataset]);
}
