import type { LayerTime } from '../pruning/layerChanges.ts';
import type { Experiment, LayerTimes } from './experiment.ts';

type Timed = Pick<Experiment, 'model' | 'backend'>;

/** The intact network's times, where they were measured of the model on screen and on the present backend. */
export function intactTimes(experiment: Timed & Pick<Experiment, 'layerTimes'>): readonly LayerTime[] | undefined {
  const { layerTimes: times } = experiment;
  return times && isOf(times, experiment) ? times.intact : undefined;
}

/** Times of the intact network and of the plan on screen; undefined where that one was not timed. */
export function shownLayerTimes(experiment: Timed & Pick<Experiment, 'layerTimes' | 'planKey'>): { readonly intact: readonly LayerTime[]; readonly pruned: readonly LayerTime[] } | undefined {
  const { layerTimes: times, planKey } = experiment;
  if (!times?.pruned || times.planKey !== planKey || !isOf(times, experiment)) return undefined;
  return { intact: times.intact, pruned: times.pruned };
}

function isOf(times: LayerTimes, { model, backend }: Timed): boolean {
  return times.loaded === model.loaded && times.backend === backend;
}
