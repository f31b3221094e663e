import { useMemo } from 'react';
import { hifiSet, rankingOf } from '../../lab/hifiSet.ts';
import { useExperiment } from '../LabContext.tsx';

/** The (k, η)-HiFi set of a group at the η in use, as the request ranks it; undefined where there is none, or for no group. */
export function useHifiSet(group: string | undefined): readonly number[] | undefined {
  const eta = useExperiment((experiment) => experiment.eta);
  const scores = useExperiment((experiment) => rankingOf(experiment, group)?.scores);
  const curve = useExperiment((experiment) => rankingOf(experiment, group)?.curve);
  const sets = useExperiment((experiment) => rankingOf(experiment, group)?.sets);
  return useMemo(() => (scores ? hifiSet({ scores, ...(curve ? { curve } : {}), ...(sets ? { sets } : {}) }, eta) : undefined), [scores, curve, sets, eta]);
}
